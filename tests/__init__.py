import os
import sys

# Where Python is told to keep no bytecode, as in many containers, each worker and each program that the tests start
# would compile all modules again: a third of all CPU time.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
