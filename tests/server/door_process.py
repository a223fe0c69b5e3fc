"""A server in a process of its own: `door_process.py FOLDER`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from door_support import greeting, served

from parley.server.serving import serve

LONG = greeting("This is a long greeting. " * 12)

if __name__ == "__main__":
    serve([served(settings=LONG)], port=0, calls=Path(sys.argv[1]))
    sys.stdout.write("stopped\n")
