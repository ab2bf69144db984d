"""A process that ends early ends in order."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import atexit, ctypes, threading, time
from foretell.ending import end_process

class Watched:
    def __del__(self):
        print("taken apart")

def last():
    time.sleep(0.2)
    print("thread")

watched = Watched()
atexit.register(print, "registered")
threading.Thread(target=last).start()
ctypes.CDLL(None).printf(b"C\\n")
print("begun")
end_process()
"""


def test_what_a_program_leaves_to_its_end_is_done() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(done.stdout.splitlines()) == ["C", "begun", "registered", "thread"]
