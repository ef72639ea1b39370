"""What /proc says of each thread of a process."""
import contextlib
from pathlib import Path


def of_each_thread(process, name):
    """The text of the file /proc/PROCESS/task/THREAD/NAME, by thread; one that ends while it is looked at is left out."""
    found = {}
    for task in Path(f'/proc/{process}/task').iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found[task.name] = (task / name).read_text()
    return found
