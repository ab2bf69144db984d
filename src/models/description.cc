#include "models/description.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "foretell/error.h"

namespace foretell {

Description::Description(const Container& container, const nlohmann::json& settings, std::string place)
    : container_(&container), settings_(&settings), place_(std::move(place)) {
  if (!settings.is_object()) {
    Damaged("its settings are no object");
  }
}

void Description::Damaged(const std::string& what) const {
  const std::string where = place_.empty() ? "" : " at " + place_;
  throw Error(Code::kModelDamaged, "the native model is damaged: the step" + where + ": " + what,
              "save the version again");
}

bool Description::Has(std::string_view key) const {
  const auto found = settings_->find(key);
  return found != settings_->end() && !found->is_null();
}

const nlohmann::json& Description::Any(std::string_view key) const {
  const auto found = settings_->find(key);
  if (found == settings_->end()) {
    Damaged("it has no " + std::string(key));
  }
  return *found;
}

std::string Description::Text(std::string_view key) const {
  const nlohmann::json& value = Any(key);
  if (!value.is_string()) {
    Damaged(std::string(key) + " is no text");
  }
  return value.get<std::string>();
}

bool Description::Flag(std::string_view key) const {
  const nlohmann::json& value = Any(key);
  if (!value.is_boolean()) {
    Damaged(std::string(key) + " is neither true nor false");
  }
  return value.get<bool>();
}

double Description::Number(std::string_view key) const {
  const nlohmann::json& value = Any(key);
  if (!value.is_number()) {
    Damaged(std::string(key) + " is no number");
  }
  return value.get<double>();
}

std::int64_t Description::Integer(std::string_view key, std::int64_t least, std::int64_t most) const {
  const nlohmann::json& value = Any(key);
  const bool fits =
      value.is_number_unsigned() ? value.get<std::uint64_t>() <= INT64_MAX : value.is_number_integer();
  if (!fits || value.get<std::int64_t>() < least || value.get<std::int64_t>() > most) {
    Damaged(std::string(key) + " is no whole number from " + std::to_string(least) + " to " +
            std::to_string(most));
  }
  return value.get<std::int64_t>();
}

std::vector<std::string> Description::Texts(std::string_view key) const {
  const nlohmann::json& value = Any(key);
  std::vector<std::string> texts;
  if (!value.is_array()) {
    Damaged(std::string(key) + " is no list");
  }
  for (const nlohmann::json& text : value) {
    if (!text.is_string()) {
      Damaged(std::string(key) + " holds what is no text");
    }
    texts.push_back(text.get<std::string>());
  }
  return texts;
}

bool Description::IsSingle() const {
  const std::string dtype = Text("dtype");
  if (dtype != "float32" && dtype != "float64") {
    Damaged("its dtype is " + dtype + ", expected float32 or float64");
  }
  return dtype == "float32";
}

std::vector<Description> Description::Children(std::string_view key) const {
  const nlohmann::json& value = Any(key);
  if (!value.is_array() || value.empty()) {
    Damaged(std::string(key) + " is no list of steps");
  }
  std::vector<Description> children;
  for (const nlohmann::json& child : value) {
    children.emplace_back(*container_, child, place_ + std::to_string(children.size()) + "/");
  }
  return children;
}

void Description::CheckSize(std::string_view name, std::size_t found, std::int64_t expected) const {
  if (found != static_cast<std::size_t>(expected)) {
    Damaged("the array " + std::string(name) + " has " + std::to_string(found) + " elements, expected " +
            std::to_string(expected));
  }
}

}  // namespace foretell
