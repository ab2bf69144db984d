"""Each guard is taken out, and the test that needs it has to fail.

Usage: python tests/faults/guards.py [--list] [WORD …]     (WORD: only the guards whose name holds it)

Guards of C++ are taken out of a copy of the source, which is built in a temporary folder, only the programs that are
needed, through ccache where there is one; guards of Python as their module is imported by its test
(`without_guard.py`). The exit status is 1 when a test passed without its guard.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from harness import ROOT, workspace


@dataclass
class Guard:
    """In `file`, `old` becomes `new`; then `test` has to fail, having been built as `target`."""

    name: str
    file: str
    old: str
    new: str
    test: str
    target: str = "fault_driver"
    hangs: bool = False  # without it the test does not end


def python(name: str, file: str, old: str, new: str, test: str, hangs: bool = False) -> Guard:
    return Guard(name, f"python/foretell/{file}", old, new, f"python/tests/{test}", "", hangs)


FILE = "src/store/file/file_storage.cc"
GUARDS = [
    Guard(
        "the folder is synced after a create",
        FILE,
        "  SyncVisible(place.folder.get(), place.folder_path);\n  return created ?",
        "  return created ?",
        "faults power",
    ),
    Guard(
        "a file is synced before it gets its name",
        FILE,
        "    WriteAll(file.fd(), body, file.path());\n    Sync(file.fd(), file.path());\n",
        "    WriteAll(file.fd(), body, file.path());\n",
        "faults power",
    ),
    Guard(
        "a blob is synced",
        FILE,
        "CopyAll(from.get(), source, file.fd(), file.path());\n  Sync(file.fd(), file.path());\n",
        "CopyAll(from.get(), source, file.fd(), file.path());\n",
        "faults power",
    ),
    Guard(
        "the folder of a blob is synced",
        FILE,
        "  file.Renamed();\n  Sync(place.folder.get(), place.folder_path);\n  return copied;",
        "  file.Renamed();\n  return copied;",
        "faults power",
    ),
    Guard(
        "the folders above are synced, whoever made them",
        FILE,
        "    SyncOnce(place.folder.get(), place.folder_path, path);\n",
        "",
        "faults power",
    ),
    Guard(
        "the root's own entry is synced, whoever made it",
        FILE,
        "  SyncRootOnce();  // also",
        "  // also",
        "faults power",
    ),
    Guard(
        "a part's file is synced when it is finished",
        "src/run/staging.cc",
        "  Sync(file.get(), path);\n",
        "",
        "faults power",
    ),
    Guard(
        "both folders are synced after a move",
        FILE,
        "  SyncVisible(target.folder.get(), target.folder_path);\n"
        "  SyncVisible(source->folder.get(), source->folder_path);\n",
        "",
        "faults power",
    ),
    Guard(
        "a file has its bytes before it has its name",
        FILE,
        "    WriteAll(file.fd(), body, file.path());\n    Sync(file.fd(), file.path());\n    const int error =\n"
        "        RenameToFreeName(place.folder.get(), file.name(), place.folder.get(), place.name.c_str());\n",
        "    const int error =\n"
        "        RenameToFreeName(place.folder.get(), file.name(), place.folder.get(), place.name.c_str());\n"
        "    WriteAll(file.fd(), body, file.path());\n    Sync(file.fd(), file.path());\n",
        "faults kills",
    ),
    Guard(
        "files are moved before their unit is published",
        "src/run/unit.cc",
        "  const auto is_published =",
        "  (void)CreateRecord(storage, PublishedKey(number_), EncodePublished(number_, *commit_, NewStamp()),\n"
        "                     NewStamp());\n  const auto is_published =",
        "faults kills",
    ),
    Guard(
        "staging goes after publishing",
        "src/run/unit.cc",
        "  const auto is_published =",
        "  RemoveStaging(storage, UnitStagingFolder(number_));\n  const auto is_published =",
        "faults kills",
    ),
    Guard(
        "a copy in the cache gets its name when it is whole",
        "src/cache/cache.cc",
        '  temporary += ".tmp";\n  std::error_code ignored;\n',
        "  std::error_code ignored;\n",
        "faults kills",
    ),
    Guard(
        "an error is not taken for absence",
        FILE,
        '  if (errno != ENOENT && errno != ENOTDIR) {\n    ThrowErrno("read", path, errno);\n  }\n',
        "  static_cast<void>(path);\n",
        "faults errors",
    ),
    Guard(
        "a short write is continued",
        "src/store/file/descriptor.cc",
        "    bytes.remove_prefix(static_cast<std::size_t>(written));\n",
        "    bytes.remove_prefix(bytes.size());\n",
        "faults errors",
    ),
    Guard(
        "a create that finds something reads it back",
        "src/store/commit.cc",
        "const bool ours = *there == body;",
        "const bool ours = false;",
        "store_test",
        "store_test",
    ),
    Guard(
        "a name that is taken is not renamed over",
        "src/store/file/linux.cc",
        "::renameat2(from_folder, from, to_folder, to, RENAME_NOREPLACE)",
        "::renameat2(from_folder, from, to_folder, to, 0)",
        "store_test",
        "store_test",
    ),
    Guard(
        "equal bytes do not prove who wrote them",
        "src/store/commit.cc",
        "body.find(attempt_id) == std::string_view::npos",
        "attempt_id.empty()",
        "store_test",
        "store_test",
    ),
    Guard(
        "parts that another version scored are not adopted",
        "src/run/attempt.cc",
        "  return record.pin == pin.sequence &&",
        "  return pin.sequence > 0 &&",
        "run_test",
        "run_test",
    ),
    Guard(
        "a commit follows the pin that it was scored under",
        "src/run/unit.cc",
        "  commit.sequence = attempt.pin().sequence + 1;",
        "  commit.sequence = pin_.sequence + 1;\n  Take(ReadUnitLog(storage, number_));\n"
        "  commit.sequence = pin_.sequence + 1;",
        "run_test",
        "run_test",
    ),
    Guard(
        "a pin that exists wins over the alias",
        "src/run/attempt.cc",
        "  attempt.pin_ = pin_;",
        "  attempt.pin_ = pin_;\n  attempt.pin_.version += 1;",
        "run_test",
        "run_test",
    ),
    Guard(
        "parts that were scored under a lost pin are not adopted under another of its number",
        "src/run/attempt.cc",
        " && (record.pin_id.empty() || record.pin_id == pin.id);",
        ";",
        "faults metadata",
    ),
    *(
        Guard(name, file, old, new, "run_test PowerCut*", "run_test")
        for name, file, old, new in [
            (
                "a version is durable before a pin names it",
                "src/store/store.cc",
                "  storage_->MakeDurable(VersionKey(name, version));",
                "  static_cast<void>(VersionKey(name, version));",
            ),
            (
                "a version is durable before its log is",
                "src/store/retired_log.cc",
                "  storage.MakeDurable(VersionKey(name, version));",
                "  static_cast<void>(0);",
            ),
            (
                "a version is durable before a report on it is",
                "src/store/report_log.cc",
                "  storage_->MakeDurable(VersionKey(name, version));",
                "  static_cast<void>(0);",
            ),
            (
                "a promotion that finds itself made is durable when it is told",
                "src/store/alias_moves.cc",
                "      storage_->MakeDurable(AliasKey(name, alias, top->entry.sequence));\n",
                "",
            ),
            (
                "a purge is durable before blobs go",
                "src/store/garbage.cc",
                "      if (!collection.dry_run) {\n        storage.MakeDurable(",
                "      if (collection.dry_run) {\n        storage.MakeDurable(",
            ),
            (
                "an entry of a log is durable before the next one is made",
                "src/store/numbered_log.cc",
                "    storage.MakeDurable(NumberedKey(folder, number - 1));\n",
                "    static_cast<void>(storage);\n",
            ),
            (
                "a pin is durable before anything is scored under it",
                "src/run/attempt.cc",
                "  storage.MakeDurable(EntryKey(number_, pin_.sequence));\n",
                "",
            ),
            (
                "a commit is durable before its files are moved",
                "src/run/unit.cc",
                "  storage.MakeDurable(EntryKey(number_, commit_->sequence));\n",
                "",
            ),
            (
                "a publication is durable before the next pin",
                "src/run/output.cc",
                "    storage.MakeDurable(PublishedKey(before));\n",
                "    static_cast<void>(0);\n",
            ),
            (
                "a retirement that finds itself made is durable when it is told",
                "src/store/retire.cc",
                "    if (state.retired()) {\n      storage_->MakeDurable(",
                "    if (state.retired()) {\n      if (state.purged()) storage_->MakeDurable(",
            ),
        ]
    ),
    Guard(
        "the next unit waits until this one is published",
        "src/run/output.cc",
        "    RequirePublishedBefore(number);\n",
        "",
        "run_test",
        "run_test",
    ),
]


POISON = "local/test_poison.py"
GUARDS += [
    python(
        "a run makes its version durable before it pins",
        "local/driver.py",
        "        self._store.core.make_durable(",
        "        _ = (",
        "local/test_run.py::test_a_version_is_durable_before_a_pin_names_it",
    ),
    python(
        "a file is taken after equal listings only",
        "local/input.py",
        "if times >= self._times]",
        "if times >= 1]",
        "local/test_follow.py::test_a_file_that_is_being_written_is_not_read_early",
    ),
    python(
        "a file that changed settles anew",
        "local/input.py",
        "times + 1 if known == file else 1)",
        "times + 1)",
        "local/test_follow.py::test_a_file_that_is_being_written_is_not_read_early",
    ),
    python(
        "a call past its deadline is killed",
        "local/pool.py",
        "os.killpg(worker.process.pid, signal.SIGKILL)",
        "pass",
        f"{POISON}::test_a_row_that_hangs_is_found_by_its_deadline[Length]",
        hangs=True,
    ),
    python(
        "only the pieces of a slow call get a share of its time",
        "local/pool.py",
        "task is not None and task.fine > 0 and in_hand.first < task.fine_until",
        "task is not None and task.fine > 0",
        f"{POISON}::test_only_the_pieces_of_a_call_that_was_too_slow_get_a_share_of_its_time",
    ),
    python(
        "a process that died is replaced",
        "local/pool.py",
        "            self._waiting.appendleft(task)\n        self._start()\n",
        "            self._waiting.appendleft(task)\n",
        f"{POISON}::test_exactly_the_rows_at_fault_are_quarantined[exit-FT0314-Length]",
        hangs=True,
    ),
    python(
        "a call of several rows that died is looked at in pieces",
        "local/pool.py",
        "if in_hand.rows > 1 or not sure:",
        "if not sure:",
        f"{POISON}::test_exactly_the_rows_at_fault_are_quarantined[exit-FT0314-LengthBulk]",
    ),
    python(
        "a poison row is left out of the next try",
        "local/pool.py",
        "        task.excluded[row] = (code, how)\n",
        "",
        f"{POISON}::test_exactly_the_rows_at_fault_are_quarantined[exit-FT0314-Length]",
    ),
    python(
        "memory that ran out is not the row's fault at once",
        "local/pool.py",
        "sure = not worker.out_of_memory or (",
        "sure = True or (",
        f"{POISON}::test_exactly_the_rows_at_fault_are_quarantined[memory-FT0314-Length]",
    ),
]


def require(guard: Guard) -> None:
    """The source holds the guard as it is written here."""
    if (ROOT / guard.file).read_text(encoding="utf-8").count(guard.old) != 1:
        raise RuntimeError(f"{guard.name}: {guard.file} does not hold its text once any more")


def copied(folder: Path) -> Path:
    """The tracked and new files of this tree, as they are now."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        source, target = ROOT / name, folder / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    return folder


def build(tree: Path, *targets: str) -> None:
    environment = {**os.environ, "CCACHE_BASEDIR": str(tree), "CCACHE_NOHASHDIR": "1"}
    made = tree / "build" / "dev"
    if not made.exists():
        launcher = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
        subprocess.run(
            [
                "cmake",
                "-S",
                tree,
                "-B",
                made,
                "-G",
                "Ninja",
                "-DCMAKE_BUILD_TYPE=RelWithDebInfo",
                "-DFORETELL_PYTHON=OFF",
                *launcher,
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            env=environment,
        )
    built = subprocess.run(
        ["cmake", "--build", made, "-j2", "--target", *targets],
        capture_output=True,
        text=True,
        env=environment,
    )
    if built.returncode != 0:
        raise RuntimeError(built.stdout[-3000:])


def fails_as_imported(folder: Path, guard: Guard) -> bool:
    """In the Python package of this tree, as every interpreter that the test starts finds it."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(
            [str(ROOT / "python"), str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
        ),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", str(ROOT / guard.test)]
    if subprocess.run(command, cwd=ROOT, env=environment, capture_output=True).returncode != 0:
        raise RuntimeError(f"{guard.name}: {guard.test} fails with its guard in place")
    environment["WITHOUT_GUARD"] = guard.name
    environment["PYTHONPATH"] = os.pathsep.join([str(folder), environment["PYTHONPATH"]])
    (folder / "sitecustomize.py").write_text("import without_guard\n", encoding="utf-8")
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, start_new_session=True, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            said = process.communicate(timeout=120 if guard.hangs else 600)[0]
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return guard.hangs
    return process.returncode == 1 and "1 failed" in said


def fails(tree: Path, guard: Guard) -> bool:
    """The short form is tried before the long one."""
    if guard.test.startswith("faults "):
        long = [sys.executable, tree / "tests" / "faults", "--first", guard.test.split()[1]]
        commands = [[*long, "--short"], long]
    else:
        name, _, only = guard.test.partition(" ")
        program = next((tree / "build" / "dev" / "src").glob(f"*/{name}"))
        commands = [[program, "--gtest_fail_fast", "--gtest_brief=1", f"--gtest_filter={only or '*'}"]]
    try:
        return any(
            subprocess.run(command, capture_output=True, timeout=600).returncode not in (0, 77)
            for command in commands
        )
    except subprocess.TimeoutExpired:
        return False  # which proves nothing


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="*", metavar="WORD")
    parser.add_argument("--list", action="store_true", help="print the guards, take none out")
    given = parser.parse_args()
    guards = [guard for guard in GUARDS if not given.words or any(word in guard.name for word in given.words)]
    print("| guard | taken out of | test that fails then | seconds |\n| --- | --- | --- | --- |")
    useless = 0
    if given.list:
        for guard in guards:
            print(f"| {guard.name} | `{guard.file}` | {guard.test} | |")
            require(guard)
        return 0
    with workspace() as folder:
        targets = {guard.target for guard in guards if guard.target}
        tree = folder / "tree"
        if targets:
            build(copied(tree), *targets)
        for guard in guards:
            started = time.monotonic()
            require(guard)
            if not guard.target:
                failed = fails_as_imported(folder, guard)
            else:
                path = tree / guard.file
                source = path.read_text(encoding="utf-8")
                path.write_text(source.replace(guard.old, guard.new), encoding="utf-8")
                build(tree, guard.target)
                failed = fails(tree, guard)
                path.write_text(source, encoding="utf-8")
            useless += not failed
            verdict = guard.test if failed else f"NONE: {guard.test} passed"
            print(
                f"| {guard.name} | `{guard.file}` | {verdict} | {time.monotonic() - started:.0f} |",
                flush=True,
            )
    return 1 if useless else 0


if __name__ == "__main__":
    sys.exit(main())
