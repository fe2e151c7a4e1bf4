"""`python -m apwa_fabric.head -- OPTIONS OF ray start`: a head that ends when this process' standard input does."""

import os
import signal
import subprocess
import sys
import threading

STOP_S = 10.0


def main() -> None:
    options = sys.argv[sys.argv.index("--") + 1 :]
    head = subprocess.Popen(
        [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", *options], stdin=subprocess.DEVNULL
    )

    def stop() -> None:
        # Not by `sys.stdin`: whose lock this thread would hold while the interpreter ends.
        while os.read(0, 1024):
            pass
        head.terminate()

    threading.Thread(target=stop, daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: head.terminate())
    sys.exit(head.wait())


if __name__ == "__main__":
    main()
