import os
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "src"


def run_receipt(*args, **variables):
    """Run the receipt program as a user would."""
    env = {**os.environ, "PYTHONPATH": str(SOURCE), **variables}
    done = subprocess.run([sys.executable, "-m", "shop.receipt", *args], env=env, capture_output=True, text=True)
    return done.stdout.strip()


def on_build_machine():
    return os.getenv("SHOP_BUILD_MACHINE", "no") == "yes"
