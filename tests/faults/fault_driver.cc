// One operation of the store, the cache or a unit per process, as small as a process can be: for the
// fault tests, which kill it, starve it and cut its power. `serve` answers the same commands, one a
// line, so that the state after each of thousands of faults is looked at without a new process.
//
//   save STORE NAME FILE             the next version, of one file
//   promote STORE NAME ALIAS VERSION
//   rollback STORE NAME ALIAS
//   retire STORE NAME VERSION
//   restore STORE NAME VERSION
//   collect STORE                    collects garbage
//   fetch STORE CACHE NAME VERSION   fills the cache as from a storage that is not local
//   load STORE CACHE NAME SELECTOR   resolves and opens every file
//   everything STORE CACHE NAME@SELECTOR …  opens each, and verifies
//   unit OUTPUT UNITS SPLITS VERSION runs units to their last published one
//   seeds FIRST COUNT                scripts of the store and of units on a storage whose power is cut
//   begin OUTPUT                     a unit that failed, was pinned anew and published; one with a part
//   finished store STORE                      what a reader sees, and what verify finds output OUTPUT what a
//   reader sees, and what the log says
//
// Prints one line of JSON; {"error": {"code", "message"}} and exit status 1 for an Error.
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cache/cache.h"
#include "foretell/store.h"
#include "run/power_script.h"
#include "run/scripted_driver.h"
#include "store/file_digest.h"

namespace foretell {
namespace {

using nlohmann::json;
using Words = std::vector<std::string>;

json Save(const Words& words) {
  Store store(OpenStorage(words.at(0)));
  Draft draft;
  draft.files.push_back({"model.bin", words.at(2)});
  return {{"version", store.Save(words.at(1), draft).version}};
}

json Promote(const Words& words) {
  Store store(OpenStorage(words.at(0)));
  return {{"sequence", store
                           .Promote(words.at(1), words.at(2), std::stoll(words.at(3)),
                                    {.who = "test", .why = "a test", .unchecked = true})
                           .sequence}};
}

json Rollback(const Words& words) {
  Store store(OpenStorage(words.at(0)));
  return {{"sequence", store.Rollback(words.at(1), words.at(2), {.who = "test", .why = "a test"}).sequence}};
}

json Retire(const Words& words) {
  Store store(OpenStorage(words.at(0)));
  return {{"sequence", store.Retire(words.at(1), std::stoll(words.at(2)), {.who = "test"}).sequence}};
}

json Restore(const Words& words) {
  Store store(OpenStorage(words.at(0)));
  return {{"sequence", store.Restore(words.at(1), std::stoll(words.at(2)), "test", "a test").sequence}};
}

json Collect(const Words& words) {
  Store store(OpenStorage(words.at(0)));
  const Garbage garbage = store.CollectGarbage({.who = "test", .dry_run = false});
  return {{"purged", garbage.purged.size()}, {"deleted", garbage.deleted.size()}};
}

json Open(Storage& storage, const std::string& cache, const Manifest& manifest) {
  json opened = json::object();
  const Cache files(cache);
  for (const FileEntry& file : manifest.files) {
    const std::filesystem::path path = files.Fetch(storage, file, manifest.name);
    opened[file.path] = {{"path", path.string()}, {"sha256", Sha256OfFile(path).sha256}};
  }
  return {{"version", manifest.version}, {"files", opened}};
}

json Fetch(const Words& words) {
  const auto remote = std::make_shared<HookedStorage>(OpenStorage(words.at(0)), false);
  Store store(remote);
  return Open(*remote, words.at(1), store.Get(words.at(2), std::stoll(words.at(3))));
}

json Load(const Words& words) {
  Store store(OpenStorage(words.at(0)));
  return Open(store.storage(), words.at(1), store.Resolve({words.at(2), words.at(3)}));
}

// Every version and alias, loaded; a code in the place of what is refused.
json Everything(const Words& words) {
  const auto tried = [](const std::function<json()>& work) -> json {
    try {
      return work();
    } catch (const Error& error) {
      return CodeText(error.code());
    }
  };
  json loads = json::object();
  for (std::size_t i = 2; i < words.size(); ++i) {
    loads[words[i]] = tried([&] {
      Store store(OpenStorage(words.at(0)));
      const Manifest manifest = store.Resolve(ParseReference(words[i]));
      json files = json::object();
      for (const FileEntry& file : manifest.files) {
        const std::filesystem::path path = Cache(words.at(1)).Fetch(store.storage(), file, words[i]);
        files[file.path] = Sha256OfFile(path).sha256;
      }
      return json{{"version", manifest.version}, {"files", files}};
    });
  }
  const json findings = tried([&]() -> json {
    Store store(OpenStorage(words.at(0)));
    json keys = json::array();
    for (const Finding& finding : store.VerifyAll()) keys.push_back(finding.key);
    return keys;
  });
  return {{"findings", findings}, {"loads", loads}};
}

json RunUnits(const Words& words) {
  OpenAndDrive(OpenStorage(words.at(0)),
               {std::stoll(words.at(1)), std::stoll(words.at(2)), std::stoll(words.at(3))});
  return json::object();
}

json Begin(const Words& words) {
  const std::shared_ptr<Storage> storage = OpenStorage(words.at(0));
  Prepare(*storage);
  Output output = Output::Open(storage, TestLineage());
  Unit first = output.Unit(1, [] { return TestPin(1); });
  first.Start().Fail(Error(Code::kBrokenPredictor, "the model is on fire"));
  output.Repin(1, 2, std::string(64, 'b'), "ana", "version 1 is on fire");
  Drive(output, *storage, {1, 2, 2});
  Attempt cut = output.Unit(2, [] { return TestPin(3); }).Start();
  cut.FinishPart(Score(*storage, cut, 2, 0));
  return json::object();
}

json Seeds(const Words& words) {
  PowerFigures figures;
  const std::uint64_t first = std::stoull(words.at(0));
  for (std::uint64_t seed = first; seed < first + std::stoull(words.at(1)); ++seed)
    RunPowerScript(seed, figures);
  return {{"acknowledged", figures.acknowledged},
          {"ended", figures.ended},
          {"cuts", figures.cuts},
          {"seeds", figures.seeds},
          {"bad", figures.bad}};
}

json StoreState(const Words& words) {
  Store store(OpenStorage(words.at(0)));
  json names = json::object();
  json findings = json::array();
  if (store.Exists()) {
    for (const std::string& name : store.Names()) {
      json versions = json::object();
      for (const std::int64_t version : store.Versions(name)) {
        for (const FileEntry& file : store.Get(name, version).files) {
          versions[std::to_string(version)].push_back(file.sha256);
        }
      }
      json aliases = json::object();
      for (const std::string& alias : store.Aliases(name)) {
        json& log = aliases[alias] = json::array();
        for (const AliasEntry& entry : store.History(name, alias)) {
          log.push_back({entry.sequence, entry.kind, entry.version});
        }
      }
      json retired = json::object();
      for (const std::int64_t version : store.Versions(name, true)) {
        if (const auto entry = store.Retired(name, version)) {
          retired[std::to_string(version)] = entry->kind;
        }
      }
      names[name] = {{"versions", versions}, {"aliases", aliases}, {"retired", retired}};
    }
    for (const Finding& finding : store.VerifyAll()) {
      findings.push_back({finding.key, CodeText(finding.code), finding.message});
    }
  }
  return {{"exists", store.Exists()}, {"names", names}, {"findings", findings}};
}

json OutputState(const Words& words) {
  const std::shared_ptr<Storage> storage = OpenStorage(words.at(0));
  json units = json::array();
  if (storage->Read("_foretell/lineage.json")) {
    for (const Unit& unit : Output::Read(storage).ReadUnits()) {
      json files = json::object();
      if (unit.committed()) {
        for (const Part& part : unit.commit()->parts) {
          for (const std::string& file : part.files) {
            files[file] = RowText(unit.number(), part.split, unit.pin().version);
          }
        }
      }
      units.push_back({{"number", unit.number()},
                       {"version", unit.pin().version},
                       {"committed", unit.committed()},
                       {"published", unit.published()},
                       {"files", files}});
    }
  }
  json visible = json::object();
  json staging = json::array();
  for (const ObjectInfo& info : storage->List("")) {
    if (!info.key.starts_with("_foretell/")) visible[info.key] = storage->Read(info.key).value_or("");
    if (info.key.starts_with("_foretell/staging/")) staging.push_back(info.key);
  }
  return {{"units", units}, {"visible", visible}, {"staging", staging}};
}

// The answer, and whether it is not an error.
std::pair<std::string, bool> Answer(const std::string& command, const Words& words) {
  static const std::map<std::string, std::function<json(const Words&)>> kCommands = {
      {"save", Save},          {"promote", Promote},       {"rollback", Rollback},
      {"retire", Retire},      {"collect", Collect},       {"fetch", Fetch},
      {"load", Load},          {"unit", RunUnits},         {"store", StoreState},
      {"output", OutputState}, {"everything", Everything}, {"seeds", Seeds},
      {"begin", Begin},        {"restore", Restore}};
  try {
    return {kCommands.at(command)(words).dump(), true};
  } catch (const Error& error) {
    const json failed = {{"error", {{"code", CodeText(error.code())}, {"message", error.message()}}}};
    return {failed.dump(), false};
  }
}

int Serve() {
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream text(line);
    std::string command;
    std::getline(text, command, '\t');
    Words words;
    for (std::string word; std::getline(text, word, '\t');) words.push_back(word);
    std::cout << Answer(command, words).first << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace foretell

int main(int count, char** values) {
  const std::vector<std::string> words(values + 1, values + count);
  if (words.empty()) return 2;
  if (words[0] == "serve") return foretell::Serve();
  if (words[0] == "nothing") return 0;
  const auto [answer, well] = foretell::Answer(words[0], {words.begin() + 1, words.end()});
  std::cout << answer << std::endl;
  return well ? 0 : 1;
}
