// Units of work: plan, pin, attempt, commit, publish. Both engines write an output only through
// this, and so no replay, crash or second driver can lose a row or write one twice.
//
//   Output output = Output::Open(OpenStorage("./topics"), lineage);
//   Unit unit = output.Unit(1, [&] { return Pin{...}; });   // the pin that exists, else this one
//   if (!unit.committed()) {
//     Attempt attempt = unit.Start();
//     attempt.Adopt();                                      // what earlier attempts finished
//     … write parts below attempt.staging(), record each with attempt.FinishPart(…) …
//     unit.Commit(attempt);                                 // at most one attempt ever wins
//   }
//   unit.Publish();                                         // winner, loser or restart: the same
//
// The protocol (numbered as in docs/architecture): 1 the pin decides version and input by one
// create; 2 a pin that exists wins over the alias; 3 an attempt's id is never used again and it
// writes only into its own staging folder; 4 the commit is the create of the entry after the pin
// that the attempt was scored under; 5 publishing moves files into place and is repeated by
// whoever meets a commit without it; nobody goes on before it is done; 6 after three attempts that
// the version failed a person decides (`foretell pin set`).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "foretell/error.h"
#include "foretell/storage.h"

namespace foretell {

namespace run {
struct Session;
struct UnitLog;
}  // namespace run

struct Lineage {
  std::string id;         // made when it is created
  std::string predictor;  // the name in the store
  std::string store;      // its URL
  std::string mode;       // "bounded", "incremental" or "stream"
};

struct Pin {
  std::int64_t version = 0;
  std::string manifest_sha256;
  std::string plan;            // JSON: the input, split by split, exactly; read back in compact form
  std::string environment;     // JSON: Python, foretell, libraries
  std::string who, when, why;  // `when` empty: now
  std::int64_t sequence = 0;   // its entry in the unit's log; set when read
  std::string id = {};         // no other pin has it; set when read
};

struct Counts {
  std::int64_t rows = 0, predicted = 0, bad = 0, skipped = 0, unstable = 0;
};

struct Part {
  std::int64_t split = 0;  // its number in the plan
  // Relative to the attempt's staging folder, and so the final names relative to the output:
  // "part-000000000001-00003.parquet", "_quarantine/part-000000000001-00003.parquet". Segments do
  // not begin with '.'; nothing lies below `_foretell`.
  std::vector<std::string> files;
  std::vector<std::uint64_t> sizes;
  Counts counts;
  std::string details;  // JSON of the engine's own
};

struct Commit {
  std::string attempt_id;
  std::int64_t epoch = 0;
  std::vector<Part> parts;
  Counts counts;
  std::string when;
  std::int64_t sequence = 0;
};

class Output;
class Unit;

// Whether a version is to blame for an attempt that ended with this code: its code raised, answered
// what it may not, crashed or hung (03, but for an interrupt), or it cannot be opened (0501, 0502, 0506,
// 08). All else is the machine's, the input's, the store's, or another process's.
bool IsOfVersion(Code code);

// One try to score a unit. Every method may be called from any thread; copies are the same attempt.
class Attempt {
 public:
  const std::string& id() const { return id_; }
  const Pin& pin() const { return pin_; }
  // The key prefix, and on a local output the folder, that this attempt alone writes.
  std::string staging_key() const;
  std::optional<std::filesystem::path> staging_path() const;

  // Parts of other attempts under the same pin that were finished: linked (or copied) into this
  // staging folder, and counted as ours. Call before scoring; returns them.
  std::vector<Part> Adopt();
  // Records, durably, that a part's files are whole. FT0101 when a file is not in staging with its
  // size, has no place in an output or is there already; FT0608 when that is so because another
  // attempt was committed.
  // A file may be linked into another attempt's folder from then on: nobody may open it for
  // writing again. So write under a name that no part has, and rename.
  void FinishPart(const Part& part);
  // Records, durably, that the version failed this attempt, if `why` is its fault (IsOfVersion). True
  // when it is. An attempt that another thing ended (a kill, a full disk, a changed input) is not a
  // failed one: another version would not help.
  bool Fail(const Error& why);
  std::vector<Part> parts() const;  // in the order of their finish

 private:
  friend class Unit;
  struct Finished;
  Attempt() = default;
  void Record(const Part& part);

  std::shared_ptr<run::Session> session_;
  std::shared_ptr<Finished> finished_;
  std::int64_t unit_ = 0;
  std::string id_;
  Pin pin_;
};

class Unit {
 public:
  std::int64_t number() const { return number_; }
  const Pin& pin() const { return pin_; }
  const std::optional<foretell::Commit>& commit() const { return commit_; }
  bool committed() const { return commit_.has_value(); }
  bool published() const { return published_; }

  // FT0606 after three failed attempts under this pin, with the last one's reason and the line to
  // paste. FT0608 when the unit
  // was committed or pinned anew since it was read (it has been read again).
  Attempt Start();
  // True: this attempt's rows are the unit's. False: another commit won, or a person pinned anew
  // meanwhile; the unit has been read again (see commit(), pin()).
  bool Commit(const Attempt& attempt);
  // Moves the commit's files into place, then records it, then removes the unit's staging.
  // Idempotent; any number of processes may call it at once. FT0607 when a file is nowhere.
  void Publish();

 private:
  friend class Output;
  Unit(std::shared_ptr<run::Session> session, std::int64_t number, run::UnitLog log);
  void Take(run::UnitLog log);

  std::shared_ptr<run::Session> session_;
  std::int64_t number_ = 0;
  Pin pin_;
  std::optional<foretell::Commit> commit_;
  bool published_ = false;
};

// An output folder and its log below `_foretell/`. Any thread may call any method.
class Output {
 public:
  // Creates the lineage (its id is made here) or checks it (FT0603; FT0601 for another mode, and for
  // a folder that holds something else), probes the storage before its first write, takes the
  // next epoch, and on a local output the lock (FT0602 when another live process holds it), which
  // is held until Close, or until the output and all of its units and attempts are destroyed.
  static Output Open(std::shared_ptr<Storage> storage, const Lineage& lineage);
  // Reads only: no lock, no epoch, no write. FT0610 when there is none.
  static Output Read(std::shared_ptr<Storage> storage);

  // Gives the lock back, so that another driver may start. Call it when no attempt is on its way.
  void Close();

  const Lineage& lineage() const { return lineage_; }
  std::int64_t epoch() const;  // 0 when opened by Read

  // The unit, pinned: by the pin that exists, else by what `plan` returns (called at most once).
  // Units are numbered from 1 without gaps (a stream may leave numbers out, never go back). An earlier unit
  // that is committed but not published is published first; one that is not committed is FT0608.
  // A pin is not to outlive what it names: `plan` calls Store::MakeDurable for its version.
  foretell::Unit Unit(std::int64_t number, const std::function<Pin()>& plan);
  // A new folder of this driver's own for rows that a unit's plan is about to name (a query's answer, which
  // cannot be asked for twice): write and sync them before the unit is pinned. It goes with the unit's
  // staging when that is published. Nothing where the output is not local.
  std::optional<std::filesystem::path> MakeInputFolder(std::int64_t number);
  // A person's pin for a unit that is not committed: another version, the same plan. FT0608 when it
  // is committed or another pin came first. Works on an output that was opened by Read, too.
  Pin Repin(std::int64_t number, std::int64_t version, const std::string& manifest_sha256,
            const std::string& who, const std::string& why);

  std::vector<std::int64_t> UnitNumbers();       // of pinned units, ascending
  foretell::Unit ReadUnit(std::int64_t number);  // FT0610
  // Every pinned unit after `after`, in order, from one listing: the seen set of a run.
  std::vector<foretell::Unit> ReadUnits(std::int64_t after = 0);
  std::vector<Pin> Pins(std::int64_t number);  // all of a unit's pins, oldest first; FT0610

 private:
  Output(std::shared_ptr<run::Session> session, Lineage lineage);
  void RequirePublishedBefore(std::int64_t number);

  std::shared_ptr<run::Session> session_;
  Lineage lineage_;
};

// The bad-row rule: over a bounded run, or the last units that hold `window` rows; never under
// `least` bad rows.
struct BadRowLimit {
  double ratio = 0.01;
  std::int64_t least = 20;
  std::int64_t window = 10'000;
};
// Throws FT0605 with the figures when `counts` (newest last, one per unit) break the rule.
void CheckBadRows(const std::vector<Counts>& counts, const BadRowLimit& limit);

}  // namespace foretell
