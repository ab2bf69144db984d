#include "models/coherence.h"

#include <algorithm>
#include <cstddef>
#include <string>

#include "foretell/error.h"
#include "models/counts.h"

namespace foretell {
namespace {

struct Place {
  std::int32_t topic;
  std::int32_t position;
};

// Where each word stands among the topics' best: places[starts[word]] to places[starts[word + 1]].
struct Places {
  std::vector<std::int32_t> starts;
  std::vector<Place> places;
};

Places PlacesOf(std::int64_t words, std::span<const std::int32_t> topic_words, std::int64_t width) {
  Places found;
  found.starts.resize(static_cast<std::size_t>(words) + 1);
  for (const std::int32_t word : topic_words) {
    if (word < 0 || word >= words) {
      throw Error(Code::kInvalidValue, "the id " + std::to_string(word) + " is no word, of which there are " +
                                           std::to_string(words));
    }
    ++found.starts[static_cast<std::size_t>(word) + 1];
  }
  for (std::size_t word = 0; word < static_cast<std::size_t>(words); ++word) {
    found.starts[word + 1] += found.starts[word];
  }
  found.places.resize(topic_words.size());
  std::vector<std::int32_t> next(found.starts.begin(), found.starts.end() - 1);
  for (std::size_t at = 0; at < topic_words.size(); ++at) {
    const auto place = static_cast<std::size_t>(next[static_cast<std::size_t>(topic_words[at])]++);
    found.places[place] = {static_cast<std::int32_t>(at / static_cast<std::size_t>(width)),
                           static_cast<std::int32_t>(at % static_cast<std::size_t>(width))};
  }
  return found;
}

}  // namespace

std::vector<std::int64_t> CountTogether(CsrView counts, std::span<const std::int32_t> topic_words,
                                        std::int64_t width, const std::function<void()>& between) {
  constexpr std::int64_t kRowsBetween = 4096;
  if (width < 1 || topic_words.size() % static_cast<std::size_t>(width) != 0) {
    throw Error(Code::kInvalidArgument, std::to_string(topic_words.size()) + " words are not " +
                                            std::to_string(width) + " for each topic");
  }
  const Places places = PlacesOf(counts.columns, topic_words, width);
  const std::size_t topics = topic_words.size() / static_cast<std::size_t>(width);
  std::vector<std::int64_t> together(topic_words.size() * static_cast<std::size_t>(width));
  std::vector<std::vector<std::int32_t>> present(topics);  // positions, of one row
  std::vector<std::size_t> touched;
  for (std::int64_t row = 0; row < counts.rows(); ++row) {
    if (between && row % kRowsBetween == 0) {
      between();
    }
    CheckCounts(counts, row);
    const auto begin = static_cast<std::size_t>(counts.row_starts[static_cast<std::size_t>(row)]);
    const auto end = static_cast<std::size_t>(counts.row_starts[static_cast<std::size_t>(row) + 1]);
    touched.clear();
    for (std::size_t at = begin; at < end; ++at) {
      if (counts.values[at] == 0) {
        continue;
      }
      const auto word = static_cast<std::size_t>(counts.ids[at]);
      for (auto i = static_cast<std::size_t>(places.starts[word]);
           i < static_cast<std::size_t>(places.starts[word + 1]); ++i) {
        const auto topic = static_cast<std::size_t>(places.places[i].topic);
        std::vector<std::int32_t>& positions = present[topic];
        if (positions.empty()) {
          touched.push_back(topic);
        }
        const std::int32_t position = places.places[i].position;
        if (std::find(positions.begin(), positions.end(), position) == positions.end()) {
          positions.push_back(position);
        }
      }
    }
    for (const std::size_t topic : touched) {
      std::int64_t* const matrix = together.data() + topic * static_cast<std::size_t>(width * width);
      for (const std::int32_t i : present[topic]) {
        for (const std::int32_t j : present[topic]) {
          ++matrix[i * width + j];
        }
      }
      present[topic].clear();
    }
  }
  return together;
}

}  // namespace foretell
