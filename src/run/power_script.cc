#include "run/power_script.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <utility>
#include <vector>

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

enum class Kind : std::uint8_t { kSave, kPromote, kRollback, kRetire, kRestore, kReport, kCollect, kUnits };

struct Operation {
  Kind kind = Kind::kSave;
  std::int64_t version = 1;
};

bool IsRefusal(Code code) {
  switch (code) {
    case Code::kNotAStore:       // nothing was saved yet
    case Code::kUnknownVersion:  // nor so often
    case Code::kUnknownPredictor:
    case Code::kUnknownAlias:
    case Code::kNoVersions:  // all are retired
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
      if (!ended || chance_() % 2 == 0) next_ = {step < 2 ? Kind::kSave : AnyKind(), AnyVersion()};
      ended = Attempted();
      if (!bad_ && chance_() % 4 == 0) CutPower();
    }
    if (!bad_) CutPower();
    if (!bad_) GoOn();
  }

  // After `before`, the process that does `first` ends before step `n` of its writes, and the one that does
  // `second` before step `m` (0: never); then the power is cut. What tells which of the two were ended.
  std::pair<bool, bool> RunPair(const std::vector<Operation>& before, const Operation& first, int n,
                                const Operation& second, int m) {
    ++figures_.seeds;
    Prepare(*output_);
    PrepareStore();
    for (const Operation& operation : before) {
      next_ = operation;
      Attempted();
    }
    const auto ended_before = [&](const Operation& operation, int step) {
      PowerCutStorage& storage = operation.kind == Kind::kUnits ? *output_ : *store_;
      storage.EndProcessAfter(step);
      next_ = operation;
      return Attempted();
    };
    const bool first_ended = ended_before(first, n);
    const bool second_ended = ended_before(second, m);
    if (!bad_) CutPower();
    if (!bad_) GoOn();
    return {first_ended, second_ended};
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

  Kind AnyKind() {
    using enum Kind;
    static constexpr std::array<Kind, 16> kKinds = {kSave,     kSave,    kSave,   kSave,   kPromote, kPromote,
                                                    kRollback, kRetire,  kRetire, kRetire, kRestore, kReport,
                                                    kCollect,  kCollect, kUnits,  kUnits};
    return kKinds[chance_() % kKinds.size()];
  }

  std::int64_t AnyVersion() { return 1 + static_cast<std::int64_t>(chance_() % 4); }

  // What an operation that returned has promised to keep.
  void Keep(PowerCutStorage& storage, const std::string& key) {
    const std::optional<std::string> there = storage.Read(key);
    if (!there) return Bad(key + " was acknowledged and is not there");
    kept_[{&storage, key}] = *there;
  }

  void Do(const Operation& operation) {
    const std::int64_t version = operation.version;
    const auto told = [&](const char* word) { history_ += " " + (word + ("-" + std::to_string(version))); };
    switch (operation.kind) {
      case Kind::kSave:
        history_ += " save";
        return Keep(*store_, VersionKey(kName, SaveOne().version));
      case Kind::kPromote: {
        told("promote");
        const AliasEntry entry = Store(store_).Promote(kName, kAlias, version, {.who = "ana"});
        return Keep(*store_, AliasKey(kName, kAlias, entry.sequence));
      }
      case Kind::kRollback: {
        history_ += " rollback";
        const AliasEntry entry = Store(store_).Rollback(kName, kAlias, {.who = "ana"});
        return Keep(*store_, AliasKey(kName, kAlias, entry.sequence));
      }
      case Kind::kRetire: {
        told("retire");
        const VersionEntry entry = Store(store_).Retire(kName, version, {.who = "ana"});
        return Keep(*store_, NumberedKey(RetiredFolder(kName, version), entry.sequence));
      }
      case Kind::kRestore: {
        told("restore");
        const VersionEntry entry = Store(store_).Restore(kName, version, "ana", "");
        return Keep(*store_, NumberedKey(RetiredFolder(kName, version), entry.sequence));
      }
      case Kind::kReport: {
        told("report");
        const Report report = Store(store_).AppendReport(kName, version, R"({"passed":true})", "ana");
        return Keep(*store_, NumberedKey(ReportsFolder(kName, version), report.sequence));
      }
      case Kind::kCollect:
        history_ += " collect";
        store_->Wait(std::chrono::hours(24 * 31));
        for (const Garbage::Version& purged :
             Store(store_).CollectGarbage({.who = "ana", .dry_run = false}).purged) {
          Keep(*store_, NumberedKey(RetiredFolder(kName, purged.version), purged.retired.sequence + 1));
        }
        return;
      case Kind::kUnits:
        history_ += " units";
        return DriveUnits();
    }
  }

  // One unit more, by the latest version; one that was pinned stays with its own.
  void DriveUnits() {
    const Manifest latest = Store(store_).Resolve({kName, "latest"});
    Store(store_).MakeDurable(kName, latest.version);
    ++units_;
    OpenAndDrive(output_, {units_, kSplits, latest.version});
    for (const Unit& unit : Output::Read(output_).ReadUnits()) {
      Keep(*output_, run::EntryKey(unit.number(), unit.commit()->sequence));
      Keep(*output_, run::PublishedKey(unit.number()));
      for (const Part& part : unit.commit()->parts) Keep(*output_, part.files.front());
    }
  }

  // True when the process was ended.
  bool Attempted() {
    try {
      Do(next_);
      ++figures_.acknowledged;
    } catch (const ProcessEnded&) {
      history_ += " (ended)";
    } catch (const Error& error) {
      history_ += " (" + CodeText(error.code()) + ")";
      if (!IsRefusal(error.code())) Bad(error.what());
    }
    const bool in_store = store_->BeginProcess();
    const bool ended = output_->BeginProcess() || in_store;
    if (ended) ++figures_.ended;
    return ended;
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
        static_cast<void>(Store(store_).Get(kName, unit.pin().version));
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
  Operation next_;
  std::string history_;
  bool bad_ = false;
};

}  // namespace

void RunPowerScript(std::uint64_t seed, PowerFigures& figures) {
  Disturbed(seed, figures).Run();
}

void RunPowerPairs(std::uint64_t seed, PowerFigures& figures) {
  using enum Kind;
  struct Pair {
    std::vector<Operation> before;
    Operation first, second;
    int stride = 1;  // of the steps of `second`: a driver has many, and the seeds take turns
    int only = 0;    // the step of `first`, if only one is tried: then the power is cut eight times as often
  };
  const Operation save{kSave};
  constexpr int kPinIsSeen = 4;  // an epoch is created in two steps; the pin is shown, and not durable
  const Pair pairs[] = {
      {{save}, save, save},
      {{}, save, {kReport, 1}},
      {{save}, {kReport, 1}, {kReport, 1}},
      {{}, save, {kRetire, 1}},
      {{}, save, {kPromote, 1}},
      {{save, save}, {kPromote, 1}, {kPromote, 2}},
      {{save}, {kPromote, 1}, {kPromote, 1}},
      {{save, save, {kPromote, 1}, {kPromote, 2}}, {kRollback}, {kPromote, 2}},
      {{save, save}, {kRetire, 1}, {kRetire, 1}},
      {{save, save, {kRetire, 1}}, {kRestore, 1}, {kRestore, 1}},
      {{save, save, {kRetire, 1}}, {kCollect}, {kCollect}},
      {{}, save, {kUnits}, 8},
      {{save}, {kUnits}, {kUnits}, 8},
      {{save}, {kUnits}, {kUnits}, 1, kPinIsSeen},
  };
  for (const Pair& pair : pairs) {
    const int times = pair.only > 0 ? 8 : 1;
    for (int n = std::max(pair.only, 1);; ++n) {
      bool first_ended = false;
      for (int time = 0; time < times; ++time) {
        for (int m = 0;; m += m == 0 ? 1 + static_cast<int>(seed % pair.stride) : pair.stride) {
          const auto [first, second] =
              Disturbed(seed * times + time, figures).RunPair(pair.before, pair.first, n, pair.second, m);
          first_ended = first;
          if (!figures.bad.empty()) return;
          if (m > 0 && !second) break;
        }
      }
      if (!first_ended || pair.only > 0) break;
    }
  }
}

}  // namespace foretell
