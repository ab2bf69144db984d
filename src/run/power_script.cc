#include "run/power_script.h"

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <utility>

#include "foretell/store.h"
#include "run/layout.h"
#include "run/scripted_driver.h"
#include "store/layout.h"
#include "store/power_cut_storage.h"

namespace foretell {
namespace {

constexpr const char* kName = "Topics";
constexpr const char* kAlias = "production";
constexpr std::int64_t kSplits = 2;

bool IsRefusal(Code code) {
  switch (code) {
    case Code::kNotAStore:       // nothing was saved yet
    case Code::kUnknownVersion:  // nor so often
    case Code::kUnknownPredictor:
    case Code::kUnknownAlias:
    case Code::kNothingToUndo:
    case Code::kRetired:
    case Code::kPurged:
    case Code::kInUse:
    case Code::kInvalidArgument:  // restoring what is not retired
      return true;
    default:
      return false;
  }
}

class Disturbed {
 public:
  Disturbed(std::uint64_t seed, PowerFigures& figures) : seed_(seed), chance_(seed), figures_(figures) {}

  void Run() {
    ++figures_.seeds;
    if (seed_ % 8 != 0) {  // else from nothing, with the probes of a first start
      Prepare(*output_);
      PrepareStore();
    }
    bool ended = false;
    for (int step = 0; step < kSteps && !bad_; ++step) {
      if (chance_() % 3 == 0) {
        store_->EndProcessAfter(1 + static_cast<int>(chance_() % 12));
        output_->EndProcessAfter(1 + static_cast<int>(chance_() % 40));
      }
      // What was cut short is often tried again.
      if (!ended || chance_() % 2 == 0) next_ = {step < 2 ? 0 : chance_() % 16, AnyVersion()};
      Attempted();
      ended = store_->BeginProcess();
      ended = output_->BeginProcess() || ended;
      if (ended) ++figures_.ended;
      if (!bad_ && chance_() % 4 == 0) CutPower();
    }
    if (!bad_) CutPower();
    if (!bad_) GoOn();
  }

 private:
  static constexpr int kSteps = 10;

  void Bad(const std::string& what) {
    if (!bad_) figures_.bad.push_back("seed " + std::to_string(seed_) + history_ + ": " + what);
    bad_ = true;
  }

  void CutPower() {
    store_->CutPower();
    output_->CutPower();
    ++figures_.cuts;
    Look("after a power cut");
  }

  // As in a store that was made before.
  void PrepareStore() {
    static const std::string made = [] {
      const auto first = OpenStorage("memory://power-script");
      const TemporaryFolder folder(QuickFolder());
      std::ofstream(folder.path() / "model") << "model";
      Draft draft;
      draft.files.push_back({"model", folder.path() / "model"});
      Store(first).Save(kName, draft);
      return first->Read(StoreKey()).value();
    }();
    store_->Create(StoreKey(), made);
  }

  Manifest SaveOne() {
    const std::string bytes = "model " + std::to_string(chance_() % 3);
    const std::filesystem::path path = folder_.path() / "model";
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    Draft draft;
    draft.files.push_back({"model.bin", path});
    return Store(store_).Save(kName, draft);
  }

  std::int64_t AnyVersion() { return 1 + static_cast<std::int64_t>(chance_() % 4); }

  // What an operation that returned has promised to keep.
  void Keep(PowerCutStorage& storage, const std::string& key) {
    const std::optional<std::string> there = storage.Read(key);
    if (!there) return Bad(key + " was acknowledged and is not there");
    kept_[{&storage, key}] = *there;
  }

  void Operation() {
    const auto [choice, version] = next_;
    if (choice < 4) {
      history_ += " save";
      Keep(*store_, VersionKey(kName, SaveOne().version));
    } else if (choice < 6) {
      history_ += " promote-" + std::to_string(version);
      const AliasEntry entry = Store(store_).Promote(kName, kAlias, version, {.who = "ana"});
      Keep(*store_, AliasKey(kName, kAlias, entry.sequence));
    } else if (choice < 7) {
      history_ += " rollback";
      Keep(*store_, AliasKey(kName, kAlias, Store(store_).Rollback(kName, kAlias, {.who = "ana"}).sequence));
    } else if (choice < 10) {
      history_ += " retire-" + std::to_string(version);
      const VersionEntry entry = Store(store_).Retire(kName, version, {.who = "ana"});
      Keep(*store_, NumberedKey(RetiredFolder(kName, version), entry.sequence));
    } else if (choice < 11) {
      history_ += " restore-" + std::to_string(version);
      const VersionEntry entry = Store(store_).Restore(kName, version, "ana", "");
      Keep(*store_, NumberedKey(RetiredFolder(kName, version), entry.sequence));
    } else if (choice < 12) {
      history_ += " report-" + std::to_string(version);
      const Report report = Store(store_).AppendReport(kName, version, R"({"passed":true})", "ana");
      Keep(*store_, NumberedKey(ReportsFolder(kName, version), report.sequence));
    } else if (choice < 14) {
      history_ += " collect";
      store_->Wait(std::chrono::hours(24 * 31));
      for (const Garbage::Version& purged :
           Store(store_).CollectGarbage({.who = "ana", .dry_run = false}).purged) {
        Keep(*store_, NumberedKey(RetiredFolder(kName, purged.version), purged.retired.sequence + 1));
      }
    } else {
      history_ += " units";
      ++units_;
      DriveUnits();
    }
  }

  // Each unit by another version: one that was pinned stays with its own.
  void DriveUnits() {
    OpenAndDrive(output_, {units_, kSplits, 1 + static_cast<std::int64_t>(chance_() % 1000)});
    for (const Unit& unit : Output::Read(output_).ReadUnits()) {
      Keep(*output_, run::EntryKey(unit.number(), unit.commit()->sequence));
      Keep(*output_, run::PublishedKey(unit.number()));
      for (const Part& part : unit.commit()->parts) Keep(*output_, part.files.front());
    }
  }

  void Attempted() {
    try {
      Operation();
      ++figures_.acknowledged;
    } catch (const ProcessEnded&) {
      history_ += " (ended)";
    } catch (const Error& error) {
      history_ += " (" + CodeText(error.code()) + ")";
      if (!IsRefusal(error.code())) Bad(error.what());
    }
  }

  // What everybody may see at any time.
  void Look(const std::string& when) {
    history_ += " |";
    try {
      for (const auto& [place, bytes] : kept_) {
        const auto& [storage, key] = place;
        if (storage->Read(key) != bytes) return Bad(when + " " + key + ", which was acknowledged, is lost");
      }
      LookAtStore(when);
      LookAtOutput(when);
    } catch (const Error& error) {
      Bad(when + ": " + error.what());
    }
  }

  void LookAtStore(const std::string& when) {
    Store store(store_);
    if (!store.Exists()) return;
    for (const Finding& finding : store.VerifyAll())
      Bad(when + " verify finds " + finding.key + ": " + finding.message);
    // Fails when a log is of a version that is not there.
    static_cast<void>(store.CollectGarbage({.who = "ana"}));
    if (store.Names().empty()) return;
    for (const std::int64_t version : store.Versions(kName, true)) {
      static_cast<void>(store.Reports(kName, version));
    }
  }

  void LookAtOutput(const std::string& when) {
    std::map<std::string, std::string> committed;
    std::set<std::string> needed;
    if (output_->Read(run::LineageKey())) {
      bool open = false;
      for (const Unit& unit : Output::Read(output_).ReadUnits()) {
        if (open) return Bad(when + " a unit is there before the one before it is published");
        open = !unit.published();
        if (!unit.committed()) continue;
        for (const Part& part : unit.commit()->parts) {
          const std::string& file = part.files.front();
          committed[file] = RowText(unit.number(), part.split, unit.pin().version);
          if (unit.published()) needed.insert(file);
        }
      }
    }
    for (const ObjectInfo& info : output_->List("", "")) {
      if (!info.key.starts_with("part-")) continue;
      const auto found = committed.find(info.key);
      if (found == committed.end()) return Bad(when + " " + info.key + " is visible, and no commit has it");
      if (output_->Read(info.key) != found->second) return Bad(when + " " + info.key + " has other rows");
      needed.erase(info.key);
    }
    if (!needed.empty()) Bad(when + " " + *needed.begin() + " of a published unit is not there");
  }

  // The next operations work, with nothing to clean.
  void GoOn() {
    try {
      const Manifest saved = SaveOne();
      Store store(store_);
      if (store.Resolve({kName, "latest"}).version != saved.version)
        Bad("the next save is not the latest version");
      store.Promote(kName, kAlias, saved.version, {.who = "ana"});
      ++units_;
      DriveUnits();
      const std::vector<Unit> units = Output::Read(output_).ReadUnits();
      if (static_cast<std::int64_t>(units.size()) != units_) Bad("the next driver did not finish every unit");
      for (const ObjectInfo& info : output_->List(run::AllStagingFolder(), "")) Bad(info.key + " is left");
    } catch (const Error& error) {
      Bad(std::string("the next operation failed: ") + error.what());
    }
    Look("in the end");
  }

  std::uint64_t seed_;
  std::mt19937_64 chance_;
  std::shared_ptr<PowerCutStorage> store_ = std::make_shared<PowerCutStorage>(seed_);
  std::shared_ptr<PowerCutStorage> output_ = std::make_shared<PowerCutStorage>(~seed_);
  PowerFigures& figures_;
  TemporaryFolder folder_{QuickFolder()};
  std::map<std::pair<PowerCutStorage*, std::string>, std::string> kept_;
  std::int64_t units_ = 0;
  struct Planned {
    std::uint64_t choice;
    std::int64_t version;
  };
  Planned next_{};
  std::string history_;
  bool bad_ = false;
};

}  // namespace

void RunPowerScript(std::uint64_t seed, PowerFigures& figures) {
  Disturbed(seed, figures).Run();
}

}  // namespace foretell
