// The explanation of every code: what it means, the usual causes, what to do. `foretell explain`
// prints these, and docs/errors.md is made from them.
#include <array>

#include "foretell/error.h"

namespace foretell {
namespace {

constexpr std::array kCatalogue = {
    // 01: names and arguments
    CatalogueEntry{Code::kInvalidArgument, "an argument is not valid",
                   "A value was given that the function or option does not take. The message names the "
                   "argument, what was given and what is taken."},
    CatalogueEntry{
        Code::kInvalidName, "a name is outside the grammar",
        "Names of predictors are letters and digits, with single '.', '_' or '-' between them, in "
        "segments divided by '/', at most 200 characters: EventTopics, team/event-topics. Two names "
        "that differ only in case are the same name to the store."},
    CatalogueEntry{
        Code::kInvalidAlias, "an alias is outside the grammar",
        "An alias is a letter, digit or '_' followed by at most 127 letters, digits, '.', '_' or '-'. "
        "It is not all digits (that is a version's number) and not 'latest' (which is computed)."},
    CatalogueEntry{
        Code::kInvalidPath, "a path within a version or storage is not allowed",
        "Paths in a version are relative, divided by '/', without '..', empty segments, backslashes or "
        "NUL, and no two are equal under case folding, so that a version can be kept on any storage."},
    CatalogueEntry{
        Code::kInvalidReference, "a reference is not NAME@VERSION",
        "A version is named by NAME@NUMBER, NAME@ALIAS or NAME@latest; NAME alone means NAME@latest."},
    CatalogueEntry{
        Code::kInvalidConfiguration, "foretell.toml is not valid",
        "The file could not be parsed, or holds a key or value that is not known. The message names "
        "the key; correct it or remove it."},
    CatalogueEntry{
        Code::kMissingExtra, "a package that is needed is not installed",
        "Parts of foretell use packages that are installed on demand. The message has the pip command "
        "to run."},
    CatalogueEntry{Code::kUnknownCode, "there is no such error code",
                   "Codes look like FT0402. `foretell explain` without a code lists all of them."},

    // 02: schemas and Arrow data
    CatalogueEntry{
        Code::kInvalidType, "a type is not written correctly",
        "Types are written like string, int64, double, timestamp, list<double> or struct<a: int64, "
        "b: string>. The message shows where reading stopped."},
    CatalogueEntry{Code::kUnsupportedType, "an Arrow layout is not supported",
                   "Run-end encoded arrays, unions, list views and dictionaries with 64-bit indices are not "
                   "read. Cast the column before it is handed over."},
    CatalogueEntry{
        Code::kMissingColumn, "a column that the predictor reads is missing",
        "The input has no column of that name. The message lists the columns that are there; rename "
        "one in the source, or change the predictor's `input`."},
    CatalogueEntry{
        Code::kDuplicateColumn, "a column occurs twice",
        "Two columns have one name, so it is not known which is meant. Rename or drop one of them."},
    CatalogueEntry{Code::kTypeMismatch, "a column or value has another type than declared",
                   "Only casts that lose nothing are made: wider numbers, other string layouts, time units "
                   "where exact. Cast the column in the source or in `prepare`, or change the declaration."},
    CatalogueEntry{Code::kInvalidValue, "a value does not fit its type",
                   "The type is right but this value cannot be held: an integer out of range, a number that "
                   "a double cannot hold exactly, a time outside the range of its unit."},
    CatalogueEntry{
        Code::kInvalidArrow, "Arrow data is malformed",
        "A batch that was handed over breaks the Arrow format: wrong buffer counts, offsets out of "
        "order, an index outside its dictionary. The library that made it is at fault; validate the "
        "data there."},
    CatalogueEntry{Code::kInvalidUtf8, "text is not valid UTF-8",
                   "A string column holds bytes that are not UTF-8. Decode the text with the right encoding "
                   "where it is read."},
    CatalogueEntry{
        Code::kStreamFailed, "a stream of batches failed",
        "The producer of a stream reported an error while it was read. The message is the producer's."},
    CatalogueEntry{
        Code::kColumnClash, "an output column has the name of a kept input column",
        "The output would have two columns of one name. Rename the prediction in `output`, or leave "
        "the input column out of `keep`. Or a schema has the name of a column that every message has: "
        "ft.kafka(..., prefix=\"kafka_\")."},

    // 03: the predictor's contract
    CatalogueEntry{
        Code::kPredictorRaised, "the predictor raised an exception",
        "The user's code failed on a row or a batch. The message names the exception and the line. "
        "`predictor.trace(row)` shows the row step by step."},
    CatalogueEntry{
        Code::kWrongLength, "the predictor returned another number of rows",
        "A bulk method must return exactly one prediction per row that it was given, in order. Rows "
        "are left out in `prepare` with ft.skip(reason), not by returning fewer."},
    CatalogueEntry{Code::kWrongType, "the predictor returned another type than declared",
                   "A prediction cannot be held by the declared output without loss. Correct the method, or "
                   "the predictor's `output`."},
    CatalogueEntry{
        Code::kNullPrediction, "the prediction is null",
        "The predictor returned None for a row. Where that is meant, set `allow_null = True` on the "
        "predictor."},
    CatalogueEntry{Code::kNanPrediction, "the prediction is not a number",
                   "The predictor returned NaN for a row. Where that is meant, set `allow_nan = True` on the "
                   "predictor."},
    CatalogueEntry{
        Code::kSkipped, "the row was skipped",
        "The predictor's `prepare` left this row out with ft.skip(reason), or it is a message without a "
        "value. This is not an error: the row is counted, and writers leave it out."},
    CatalogueEntry{
        Code::kBrokenPredictor, "the predictor fails on every row",
        "Forty rows from across a batch failed alike and none passed, so the predictor is at fault "
        "and not the rows. The message is that of the first failure."},
    CatalogueEntry{
        Code::kUntyped, "the version does not declare its output",
        "Writing Parquet needs the types of the predictions, and so does a stream whose first "
        "100,000 rows or 64 MiB hold no row that can be predicted. Declare `output = ft.schema(...)` "
        "on the class, or save with example=."},
    CatalogueEntry{Code::kIncompletePredictor, "the predictor lacks a method",
                   "A predictor defines predict_item(features) or predict_bulk(feature_rows); the other form "
                   "is derived from it."},
    CatalogueEntry{Code::kNoModel, "the predictor has no model yet",
                   "Call load_model(...), or set predictor.model, before predicting."},
    CatalogueEntry{Code::kMutatedInput, "the predictor changed its input",
                   "Batches are shared and must not be written to. Copy the data before changing it."},
    CatalogueEntry{Code::kInterrupted, "the run was interrupted",
                   "A stop was asked for. Nothing that was committed is lost; run the same command again to "
                   "finish the rest."},
    CatalogueEntry{
        Code::kDeadline, "a call took longer than its deadline",
        "The predictor did not return in time, and its process was replaced. The rows at fault are "
        "quarantined; raise --deadline if they are only slow."},
    CatalogueEntry{Code::kCrashed, "the predictor crashed its process",
                   "The process that ran the predictor died (a segmentation fault, out of memory, os._exit). "
                   "The rows at fault are quarantined."},

    // 04: the store
    CatalogueEntry{
        Code::kUnknownPredictor, "the store has no predictor of that name",
        "Nothing was ever saved under this name in this store. The message lists the names that are "
        "there; check the name, and which store is in use."},
    CatalogueEntry{Code::kUnknownVersion, "there is no such version",
                   "The predictor is known but not this version. `foretell versions NAME` lists them."},
    CatalogueEntry{Code::kUnknownAlias, "there is no such alias",
                   "The alias was never moved to a version. `foretell promote NAME@VERSION ALIAS` makes it."},
    CatalogueEntry{Code::kConflict, "another process was first",
                   "Somebody else's change was recorded between reading and writing. The message says whose. "
                   "Nothing of this operation was kept; look, then try again."},
    CatalogueEntry{Code::kUnknownOutcome, "it is not known whether the operation happened",
                   "The storage did not answer and could not be read back. Nothing was deleted. Look at the "
                   "state when the storage answers again, then repeat the operation if need be."},
    CatalogueEntry{
        Code::kBadManifest, "a manifest is damaged",
        "The file that describes a version cannot be read, or names something that is not allowed. "
        "Restore it from a copy of the store, or save the version again."},
    CatalogueEntry{Code::kNewerFormat, "a file is of a newer format",
                   "It was written by a later release of foretell. Upgrade foretell on this machine."},
    CatalogueEntry{Code::kMissingBlob, "a file of the version is missing",
                   "The manifest names bytes that the storage does not have. Restore them from a copy of the "
                   "store; the version cannot be loaded until then."},
    CatalogueEntry{
        Code::kDamagedBlob, "a file of the version is damaged",
        "The bytes do not have the size or digest that the manifest names. Restore them from a copy "
        "of the store; damaged bytes are never loaded."},
    CatalogueEntry{Code::kNotAStore, "there is no store here",
                   "The directory or bucket holds no store.json. Check --store, FORETELL_STORE and "
                   "foretell.toml; the first save creates a store."},
    CatalogueEntry{
        Code::kNothingToUndo, "there is no promotion to undo",
        "Every promotion of this alias has been undone, or there was none before the first. Promote "
        "a version instead."},
    CatalogueEntry{Code::kRetired, "the version is retired",
                   "A retired version takes no new aliases and is not `latest`. Restore it first, or choose "
                   "another version."},
    CatalogueEntry{
        Code::kBadAliasEntry, "an alias's history is damaged",
        "An entry of the log cannot be read, is missing, or does not follow from the one before it. "
        "Restore the log from a copy of the store."},
    CatalogueEntry{
        Code::kNameTaken, "the name is taken in another spelling",
        "The store has a predictor whose name differs only in case. Use the spelling that is there."},
    CatalogueEntry{
        Code::kTooSlow, "the save or the promotion took too long",
        "A save that has lasted three days gives up, because its blobs may be collected as garbage; a "
        "promotion after half an hour, because the version may have been retired meanwhile. Do it again."},
    CatalogueEntry{
        Code::kRacyStorage, "the storage does not honour create-if-absent",
        "Several of sixteen concurrent creates of one key were told that they won. No protocol can "
        "be safe there. Use another storage."},
    CatalogueEntry{Code::kNoVersions, "the predictor has no usable version",
                   "Every version of it is retired. Restore one, or save a new one."},
    CatalogueEntry{
        Code::kBadReport, "a report on a version is damaged",
        "A report of a check or a comparison cannot be read, is missing, or is about other bytes than the "
        "version's. Restore it from a copy of the store. The version itself is as sound as `foretell verify` "
        "says."},
    CatalogueEntry{
        Code::kInUse, "the version is in use",
        "A version is not retired while an alias names it, or when an alias began to name it only lately: "
        "somebody may still count on it. Move the alias to another version first, then wait, or say with "
        "--unused-for how long it must have been unused."},
    CatalogueEntry{
        Code::kPurged, "the version's files are gone",
        "The version was retired for thirty days, and garbage collection then gave up its files. Nothing "
        "brings it back, and its number is never used again. Choose another version, or save the model "
        "anew."},
    CatalogueEntry{
        Code::kNotChecked, "the version has no check that allows it",
        "An alias moves to a version only after `foretell check` has found that every mode gives the same "
        "predictions, over 100 distinct rows or all that the source has. The message says what is lacking: "
        "no "
        "check, too few rows (name some with --rows), a mode, or agreement. `foretell promote --unchecked "
        "--why "
        "TEXT` moves the alias all the same, and the history says so for ever."},

    // 05: opening a version
    CatalogueEntry{
        Code::kNoLoader, "the version's kind of model is not known here",
        "Its manifest names a loader that this release of foretell does not have. Upgrade foretell, "
        "or install the extra that the message names."},
    CatalogueEntry{Code::kCannotLoad, "the version cannot be loaded",
                   "The predictor's code or model raised an exception while it was loaded; the message holds "
                   "it. Often a library is missing or is another version than at the save."},
    CatalogueEntry{Code::kNotTrusted, "the store is not trusted",
                   "Loading a Python model runs its code. The store belongs to another user, so this was not "
                   "done. Where you trust it, pass --trust-store (trust_store=True)."},
    CatalogueEntry{Code::kBadCache, "the machine's cache cannot be used",
                   "The cache directory belongs to another user, is a symbolic link or cannot be written. "
                   "Remove it, or name another with FORETELL_CACHE."},
    CatalogueEntry{Code::kEnvironmentDiffers, "the environment differs from that of the save",
                   "Python, a library or the platform has another version than when the version was saved. "
                   "Results may differ; the message names each difference."},
    CatalogueEntry{Code::kModelDamaged, "the model's files do not fit together",
                   "The bytes are those that were saved, but the model cannot be put together from them: an "
                   "index that names no file, a size that is wrong. Save the version again."},
    CatalogueEntry{
        Code::kSelfTestFailed, "a native model's self-test fails on this machine",
        "The model carries inputs with scikit-learn's answers, and this machine gives others. It is not used "
        "here. The processor or the build of foretell may be at fault: please report it."},

    // 06: runs
    CatalogueEntry{
        Code::kBadOutput, "the output cannot be used for this run",
        "The folder holds files that are not of a run, a run of another kind (bounded, incremental), "
        "or a finished run by another version or from other files. Choose an empty folder or the "
        "right command."},
    CatalogueEntry{
        Code::kOutputInUse, "another run is writing to this output",
        "One output takes one run at a time. Wait for it, or stop it; the message names its process."},
    CatalogueEntry{Code::kOtherLineage, "the output belongs to another predictor or store",
                   "An output's rows come from one predictor of one store, recorded at its first run. Choose "
                   "another output."},
    CatalogueEntry{
        Code::kInputChanged, "an input file changed",
        "A file differs in size or time from when the run was planned, or from when it was scored. "
        "Give changed data a new file name, or use --rescore-changed."},
    CatalogueEntry{
        Code::kTooManyBadRows, "too many rows are bad",
        "More rows than max_bad_ratio could not be predicted. The quarantine holds them with their "
        "reasons. Correct the predictor or the data, or raise the ratio."},
    CatalogueEntry{
        Code::kUnitFailed, "a unit of work failed three times",
        "The same input failed under the same version three times, by what its code did or "
        "because it could not be opened, so it is not tried again; the message repeats the last "
        "reason. A full disk, a kill or a changed input never counts. Pin another version for it with "
        "the line in the message; or the same one, once the cause is gone."},
    CatalogueEntry{
        Code::kBadUnitLog, "a record of the run is damaged",
        "A file below _foretell/ cannot be read or contradicts another. Restore it from a copy, or "
        "run into a new output."},
    CatalogueEntry{Code::kUnitConflict, "another driver went on with this unit",
                   "While this process worked or slept, another committed or pinned the unit. Its rows are "
                   "kept, these are not; start the run again to go on from there."},
    CatalogueEntry{Code::kNothingToDo, "there is nothing to do",
                   "The run is finished, or no input is new. This is not a failure."},
    CatalogueEntry{Code::kNoSuchRun, "there is no such run or unit here",
                   "The folder holds no record of a run, or not this unit. Check the path."},
    CatalogueEntry{Code::kStopped, "the run stopped before its end",
                   "Some input was not scored; what was committed stands. The message says why. Run the same "
                   "command again to finish the rest."},

    // 07: sources and sinks
    CatalogueEntry{
        Code::kNoInput, "no input matches",
        "The path or pattern names no file, or the broker has no such topic. Names of files that begin "
        "with '_' or '.' are not taken."},
    CatalogueEntry{Code::kUnreadableInput, "an input file cannot be read",
                   "The file is truncated, damaged or not of its format, or a server does not answer. The "
                   "message names the file and, where known, the place."},
    CatalogueEntry{Code::kUnknownFormat, "the format of a file is not known",
                   "Formats are told by the ending: .parquet .csv .tsv .jsonl .ndjson .json .arrow .feather, "
                   "and .gz .zst "
                   ".bz2 .lz4 behind them. Name one with format=."},
    CatalogueEntry{
        Code::kMalformedRow, "a row of an input file is malformed",
        "A line, or a message's value, is not valid JSON, has another number of fields than the header, "
        "or holds a value that its column's type cannot hold. The message names file and line, or "
        "topic and offset."},
    CatalogueEntry{
        Code::kInconsistentFiles, "the input files do not agree",
        "A file lacks a column that others have, or has it in another type. The message names both "
        "files."},
    CatalogueEntry{Code::kUnwritableOutput, "the output cannot be written",
                   "The folder cannot be created or written, or the disk is full. Nothing half-written is "
                   "visible; run the same command again when there is room."},
    CatalogueEntry{Code::kNoSource, "there is nothing to read from",
                   "The predictor declares no source and none was given: set `source = ft.files(...)`, use "
                   "with_source(...), or --input. Or the source is one that Spark alone reads, or that it "
                   "cannot read."},
    CatalogueEntry{
        Code::kNoRows, "there is no row to train on",
        "The source is empty, or every row of it was skipped by `prepare`. The message says which."},
    CatalogueEntry{
        Code::kBadQuery, "the query cannot be run",
        "The text given to ft.sql is not one SELECT statement, names a table or column that is not there, or "
        "failed on a value. Tables are the keyword arguments of ft.sql; the message has the engine's own "
        "words."},
    CatalogueEntry{
        Code::kBadCursor, "the cursor cannot order the query's rows",
        "Rounds of a query need a cursor: a column that grows as rows arrive, never null, NaN or infinite, "
        "of "
        "a whole number, decimal, float, date, timestamp or text, and of the same type in every round. Cast "
        "it, or filter such rows out, in the query."},
    CatalogueEntry{
        Code::kBadKey, "the key does not tell the query's rows apart",
        "Rows that share a cursor value are told apart by their key, which must not be null, and must not be "
        "there twice for one cursor value. Name more columns: key=[\"id\", \"language\"], or make the rows "
        "distinct in the query."},

    // 08: carried code
    CatalogueEntry{Code::kCannotCarry, "code cannot be carried with the version",
                   "Something that the predictor needs cannot be taken along: the message names it. Move it "
                   "into a module of the project, or into an installed package."},
    CatalogueEntry{
        Code::kComputedImport, "a module is imported by a computed name",
        "What such an import needs cannot be known when the version is saved. Import the module by "
        "its name."},
    CatalogueEntry{Code::kCompiledModule, "a compiled module of the project cannot be carried",
                   "Compiled extensions fit one platform only. Install the module as a package on every "
                   "machine instead."},
    CatalogueEntry{Code::kCannotPickle, "the model cannot be pickled",
                   "The model holds something that pickle cannot save (an open file, a lock, a connection). "
                   "Remove it before saving and make it in setup(), or use save_files and load_files."},
    CatalogueEntry{Code::kCodeDamaged, "the version's code does not fit together",
                   "A module that the predictor's class needs is not among the version's files, or does not "
                   "define what it should. Save the version again."},
    CatalogueEntry{
        Code::kCannotCompile, "an estimator cannot be compiled",
        "The message names the estimator and the setting that the native model does not have: a Python "
        "function, a subclass, an unusual pattern. Save the pipeline itself instead: it runs in Python, as "
        "any other object does."},

    // 09: files and storages
    CatalogueEntry{Code::kIo, "reading or writing failed",
                   "The operating system or the storage reported an error; the message names the path. The "
                   "old state holds."},
    CatalogueEntry{
        Code::kNoSpace, "the disk is full",
        "There is no room, or a quota is used up, at the path in the message. The old state holds; "
        "make room and try again."},
    CatalogueEntry{Code::kNotPermitted, "access is not permitted",
                   "The path cannot be read or written by this user, or is on a read-only file system."},
    CatalogueEntry{Code::kUnsupportedStorage, "the storage's URL is not known",
                   "Stores are a directory or a URL of a scheme that is installed. The message names the "
                   "extra that adds this one."},
    CatalogueEntry{Code::kInternal, "foretell itself is at fault",
                   "A state was reached that should be impossible. Please report it with the message and the "
                   "traceback."},

    // 10: Spark
    CatalogueEntry{
        Code::kNoSpark, "Spark could not be started, or there is no session",
        "PySpark needs Java 17 or newer on the driver, and a master that can be reached. The message has "
        "what Spark said."},
    CatalogueEntry{Code::kExecutorDiffers, "an executor cannot run this predictor",
                   "On an executor foretell, or a library that the version needs, is missing or is another "
                   "release than on "
                   "the driver; or the store cannot be reached from there. Ship the driver's environment "
                   "with --archives, as "
                   "docs/spark.md shows."},
    CatalogueEntry{Code::kWrongSparkFrame,
                   "a streaming frame was given where a batch is meant, or the reverse",
                   "A frame of spark.readStream is scored by predictor.spark.start(…), any other by "
                   "predictor.predict(frame)."},
    CatalogueEntry{
        Code::kNotOnConnect, "this does not work over Spark Connect",
        "Frames and column functions do; RDDs, and streams for now, need a session of the driver's own."},
    CatalogueEntry{
        Code::kSparkFailed, "Spark stopped the work",
        "A job or a query of Spark ended with an error that is not foretell's; the message has Spark's "
        "own words. What was committed stays, and the same command goes on from there."},
    CatalogueEntry{
        Code::kSparkSettings, "a Spark setting cannot be used",
        "The setting is unknown, has another form than key=value, or cannot be changed in the session that "
        "is active. Settings of a session are given before it is made."},
};

}  // namespace

std::span<const CatalogueEntry> Catalogue() {
  return kCatalogue;
}

}  // namespace foretell
