"""The main job with scikit-learn's own pipeline: 2 workers against a hand-written loop in one process.

.venv/bin/python bench/main_job.py              target: at least 1.8 × the loop's speed
.venv/bin/python bench/main_job.py 1 3 10       these many times over; the default is 1 3

Each run is a process of its own, from exec to exit: `python loop.py` and `foretell run`. Of the same runs four
ratios are told, because start-up (imports, loading the model) is a fixed time on both sides:

- whole processes: what a user waits for;
- the loop alone: foretell's whole process against the loop without its imports and its model's loading;
- further events: the time that the events beyond the first 53,356 took, on both sides, without any start-up;
- two loops side by side: what this machine's two cores give two such loops, each over half of the files, with
  nothing to plan, pin, commit or stamp on the rows. It is the limit for two processes on this machine.
"""

from __future__ import annotations

import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from measure import DATA, announce

TOPICS = 50
FILES = 4
PAIRS = 3

LOOP = """
import sys, time
from pathlib import Path
import joblib
import pyarrow as pa
import pyarrow.parquet as pq

model = joblib.load(sys.argv[1])
began = time.perf_counter()
for path in sorted(Path(sys.argv[2]).iterdir())[int(sys.argv[4]) :: int(sys.argv[5])]:
    rows = pq.read_table(path)
    columns = zip(rows["title"].to_pylist(), rows["description"].to_pylist())
    topics = model.transform([f"{title or ''} {text or ''}" for title, text in columns])
    pq.write_table(pa.table({"id": rows["id"], "topics": pa.array(list(topics))}), Path(sys.argv[3]) / path.name)
print(time.perf_counter() - began)
"""


@dataclass
class Took:
    """Seconds of one process and of those that it started."""

    wall: float
    cpu: float
    loop: float = 0.0


def took(command: list[str]) -> Took:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Took(wall, cpu, float(told or 0))


def line(name: str, values: list[float], unit: str = "s") -> str:
    return f"  {name:<34} {statistics.median(values):8.2f} {unit}  ({min(values):.2f} – {max(values):.2f})"


class Job:
    """The model, saved twice, and the events, so many times over."""

    def __init__(self, root: Path) -> None:
        import joblib
        from sklearn.decomposition import LatentDirichletAllocation
        from sklearn.feature_extraction.text import CountVectorizer
        from sklearn.pipeline import make_pipeline

        import foretell as ft

        class EventTopics(ft.Predictor):
            input = ft.schema(title="string", description="string")
            output = ft.schema(topics="list<double>")
            keep = ["id"]

            def extract_features(self, row):
                return ft.join_text(row.title, row.description)

            def predict_bulk(self, texts):
                return self.model.transform(texts)

        self.root = root
        source = DATA / "community-calendar" / "events.jsonl.zst"
        self.table = ft.files(source).read().read_all().select(["id", "title", "description"])
        texts = [
            ft.join_text(row["title"], row["description"]) for row in self.table.slice(0, 10_000).to_pylist()
        ]
        model = make_pipeline(
            CountVectorizer(min_df=5, max_df=0.4, stop_words="english"),
            LatentDirichletAllocation(
                TOPICS, learning_method="online", batch_size=512, max_iter=1, random_state=0
            ),
        ).fit(texts)
        EventTopics(store=root / "models").save_model(model)
        joblib.dump(model, root / "model.joblib")
        (root / "loop.py").write_text(LOOP)

    def write(self, times: int) -> Path:
        import pyarrow.parquet as pq

        folder = self.root / f"in-{times}"
        folder.mkdir()
        step = -(-self.table.num_rows // FILES)
        for i in range(FILES * times):
            pq.write_table(self.table.slice(i % FILES * step, step), folder / f"{i:03}.parquet")
        return folder

    def loop(self, given: Path) -> Took:
        return took(self._loop(given, 0, 1))

    def two_loops(self, given: Path) -> float:
        """Seconds from the first exec to the last exit of two loops, each over every other file."""
        commands = [self._loop(given, which, 2) for which in range(2)]
        began = time.perf_counter()
        running = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for command in commands]
        if any(process.wait() for process in running):
            raise RuntimeError("a loop failed")
        return time.perf_counter() - began

    def _loop(self, given: Path, which: int, of: int) -> list[str]:
        out = self.root / f"loop-{which}"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        model = self.root / "model.joblib"
        return [sys.executable, *map(str, (self.root / "loop.py", model, given, out, which, of))]

    def foretell(self, given: Path) -> Took:
        out = self.root / "out"
        shutil.rmtree(out, ignore_errors=True)
        named = ["--input", given, "--output", out, "--store", self.root / "models"]
        return took(
            [
                *map(
                    str,
                    (sys.executable, "-m", "foretell", "run", "EventTopics@1", "--workers", 2, "-q", *named),
                )
            ]
        )


def main() -> None:
    announce(f"main job: CountVectorizer + LDA, K = {TOPICS}, scikit-learn's own; {PAIRS} pairs, medians")
    if not (DATA / "community-calendar").exists():
        sys.exit("this comparison needs community-calendar, which is not here")
    sizes = [int(argument) for argument in sys.argv[1:]] or [1, 3]
    with tempfile.TemporaryDirectory() as folder:
        job = Job(Path(folder))
        inputs = {times: job.write(times) for times in sizes}
        job.loop(inputs[sizes[0]]), job.foretell(inputs[sizes[0]])  # warm: byte code, page cache
        seen: dict[int, list[tuple[Took, Took]]] = {times: [] for times in sizes}
        two: dict[int, list[float]] = {times: [] for times in sizes}
        for _ in range(PAIRS):
            for times, given in inputs.items():
                seen[times].append((job.loop(given), job.foretell(given)))
                two[times].append(job.two_loops(given))
        for times, pairs in seen.items():
            print(f"\n  {times * job.table.num_rows:,} events in {FILES * times} Parquet files")
            print(line("loop.py, exec to exit", [loop.wall for loop, _ in pairs]))
            print(line("  of it the loop alone", [loop.loop for loop, _ in pairs]))
            print(line("foretell run, exec to exit", [ours.wall for _, ours in pairs]))
            print(line("loop.py, user + system", [loop.cpu for loop, _ in pairs]))
            print(line("foretell run, user + system", [ours.cpu for _, ours in pairs]))
            print(line("whole processes", [loop.wall / ours.wall for loop, ours in pairs], "×"))
            print(line("the loop alone", [loop.loop / ours.wall for loop, ours in pairs], "×"))
            limits = [loop.wall / both for (loop, _), both in zip(pairs, two[times], strict=True)]
            print(line("two loops side by side", limits, "×"))
            if times > sizes[0]:
                rates = [
                    (loop.wall - first_loop.wall) / (ours.wall - first_ours.wall)
                    for (loop, ours), (first_loop, first_ours) in zip(pairs, seen[sizes[0]], strict=True)
                ]
                print(line("further events, no start-up", rates, "×"))


if __name__ == "__main__":
    main()
