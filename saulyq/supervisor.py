"""Runs the parts under supervisord: its configuration, its control port, its end and its leftovers."""

import os
import subprocess
import sys
import time
import xmlrpc.client
from pathlib import Path
from typing import Any

import psutil

from saulyq import postgres
from saulyq.children import COMMAND
from saulyq.environment import MARK, part_environment
from saulyq.errors import SaulyqError
from saulyq.parts import ROOT, Program, parts
from saulyq.secrets import secret, write_private
from saulyq.settings import Settings

CONTROL_USER = "saulyq"
DATABASE = "database"
GROUP = "parts"
START_SECONDS = 120
STOP_SECONDS = 90
LEFTOVER_SECONDS = 15


def running(current: Settings) -> bool:
    """Whether supervisord runs for this installation."""
    return _process(current) is not None


def start(current: Settings) -> subprocess.Popen[bytes]:
    """Start supervisord with every program known and none but the database started."""
    config = _write_config(current)
    process = subprocess.Popen(
        [sys.executable, "-m", "supervisor.supervisord", "--nodaemon", "--configuration", str(config)],
        cwd=ROOT,
        env=part_environment(current),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # Ctrl-C in the terminal reaches `up` alone, which then ends the parts in order
        start_new_session=True,
    )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            control(current).supervisor.getState()
        except (OSError, xmlrpc.client.Error):
            time.sleep(0.05)
        else:
            return process
    process.kill()
    raise SaulyqError("the supervisor did not start; see %(log)s", log=current.logs_dir / "supervisor.log")


def control(current: Settings) -> xmlrpc.client.ServerProxy:
    """Supervisord's control port, on this machine and behind a password."""
    password = secret(current.secrets_dir, "supervisor")
    return xmlrpc.client.ServerProxy(f"http://{CONTROL_USER}:{password}@127.0.0.1:{current.control_port}/RPC2")


def start_program(current: Settings, name: str) -> None:
    """Ask for a program to be started, without waiting for it."""
    try:
        control(current).supervisor.startProcess(name if name == DATABASE else f"{GROUP}:{name}", False)
    except xmlrpc.client.Fault as fault:
        if "ALREADY_STARTED" not in fault.faultString:
            raise SaulyqError("%(name)s cannot be started: %(reason)s", name=name, reason=fault.faultString) from None


def program_states(current: Settings) -> dict[str, str]:
    """The state of each program by supervisord's word; empty when it does not run."""
    if not running(current):
        return {}
    try:
        rows: Any = control(current).supervisor.getAllProcessInfo()
    except (OSError, xmlrpc.client.Error):
        return {}
    return {row["name"]: row["statename"] for row in rows}


def shut_down(current: Settings) -> bool:
    """End supervisord and every program, in order; then whatever is left. Says whether anything ran."""
    found = False
    process = _process(current)
    if process is not None:
        found = True
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except psutil.TimeoutExpired:
            process.kill()
    return end_leftovers(current) or found


def end_leftovers(current: Settings) -> bool:
    """End parts that lost their supervisor; they carry the installation's mark in their environment."""
    supervisor = _process(current)
    if supervisor is not None:
        supervisor.terminate()
        psutil.wait_procs([supervisor], timeout=STOP_SECONDS)
    leftovers = [process for process in psutil.process_iter() if _is_part_of(process, current)]
    _end_all(leftovers)
    database_ran = current.database_url_outside is None and _owned_database(current) and postgres.stop(current)
    return bool(leftovers) or supervisor is not None or database_ran


def end_leftover_commands(current: Settings) -> bool:
    """End commands that a killed `up` began, so that what uses the database from here on is somebody else's."""
    commands = [process for process in psutil.process_iter() if _is_part_of(process, current) and _is_command(process)]
    _end_all(commands)
    return bool(commands)


def _owned_database(current: Settings) -> bool:
    """A database server that a dead `up` left behind, as opposed to one a command is using now."""
    from saulyq.postgres.lifecycle import in_use

    return postgres.running(current) and not in_use(current)


def _end_all(processes: list[psutil.Process]) -> None:
    for process in processes:
        _end(process, kill=False)
    _, alive = psutil.wait_procs(processes, timeout=LEFTOVER_SECONDS)
    for process in alive:
        _end(process, kill=True)
    psutil.wait_procs(alive, timeout=LEFTOVER_SECONDS)


def _is_command(process: psutil.Process) -> bool:
    try:
        return COMMAND in process.cmdline()
    except psutil.Error:
        return False


def _end(process: psutil.Process, kill: bool) -> None:
    try:
        process.kill() if kill else process.terminate()
    except psutil.NoSuchProcess:
        return


def _is_part_of(process: psutil.Process, current: Settings) -> bool:
    try:
        # PostgreSQL ends through its own pid file: SIGTERM would wait for its sessions
        return (
            process.pid != os.getpid()
            and process.name() != "postgres"
            and process.environ().get(MARK) == str(current.home)
        )
    except (psutil.Error, OSError):
        return False


def _process(current: Settings) -> psutil.Process | None:
    try:
        process = psutil.Process(int((current.run_dir / "supervisord.pid").read_text()))
        is_ours = process.environ().get(MARK) == str(current.home)
        return process if is_ours and process.status() != psutil.STATUS_ZOMBIE else None
    except (OSError, ValueError, psutil.Error):
        return None


def _write_config(current: Settings) -> Path:
    current.logs_dir.mkdir(parents=True, exist_ok=True)
    current.run_dir.mkdir(parents=True, exist_ok=True)
    run, logs = _escaped(current.run_dir), _escaped(current.logs_dir)
    sections = [
        "[supervisord]",
        f"pidfile = {run}/supervisord.pid",
        f"logfile = {logs}/supervisor.log",
        "logfile_maxbytes = 5MB",
        "logfile_backups = 2",
        f"childlogdir = {logs}",
        "nodaemon = true",
        *(["user = root"] if os.geteuid() == 0 else []),
        "",
        "[inet_http_server]",
        f"port = 127.0.0.1:{current.control_port}",
        f"username = {CONTROL_USER}",
        f"password = {secret(current.secrets_dir, 'supervisor')}",
        "",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface",
    ]
    programs = [program for part in parts(current) for program in part.programs]
    for program in programs:
        sections += _program(program, logs)
    # groups are stopped one after another, the programs of a group together: the database goes last
    sections += ["", f"[group:{GROUP}]", "priority = 200"]
    sections += [f"programs = {','.join(program.name for program in programs if program.name != DATABASE)}"]
    path = current.run_dir / "supervisord.conf"
    write_private(path, "\n".join(sections) + "\n")
    return path


def _program(program: Program, logs: str) -> list[str]:
    group = str(program.stop_as_group).lower()
    return [
        "",
        f"[program:{program.name}]",
        f"command = {' '.join(_quoted(word) for word in program.command)}",
        f"directory = {_escaped(ROOT)}",
        "priority = 100",
        f"autostart = {str(program.name == DATABASE).lower()}",
        "autorestart = true",
        "startsecs = 1",
        # a part that cannot start (a full disk, a database that is still recovering) is tried again and again
        "startretries = 1000",
        f"stopsignal = {program.stop_signal}",
        f"stopwaitsecs = {program.stop_seconds}",
        f"stopasgroup = {group}",
        "killasgroup = true",
        "redirect_stderr = true",
        f"stdout_logfile = {logs}/{program.name}.log",
        "stdout_logfile_maxbytes = 10MB",
        "stdout_logfile_backups = 3",
    ]


def _quoted(word: str) -> str:
    return '"' + _escaped(word) + '"' if set(word) & set(" ;'\t%") else word


def _escaped(value: object) -> str:
    return str(value).replace("%", "%%")
