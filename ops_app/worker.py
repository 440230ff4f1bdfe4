"""The worker: runs background jobs as the role ``saulyq_app``; shows on its port that its heart beats."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from asyncio import StreamReader, StreamWriter

from sqlalchemy import Engine, create_engine

from ops_app.mechanisms.jobs.queue import STALE_AFTER
from ops_app.mechanisms.jobs.running import PARALLEL_JOBS, Crew
from ops_app.mechanisms.jobs.task import declared
from saulyq.settings import settings


def job_engine(url: str) -> Engine:
    """The engine of jobs: as many connections as jobs at once, no values of a record in its errors."""
    return create_engine(
        url,
        pool_size=PARALLEL_JOBS + 1,
        max_overflow=PARALLEL_JOBS,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"options": "-c idle_in_transaction_session_timeout=60s -c timezone=UTC"},
    )


async def serve(crew: Crew, port: int) -> None:
    """Work until told to stop, answering on the port of this machine whether the heart beats."""

    async def answer(reader: StreamReader, writer: StreamWriter) -> None:
        try:
            await asyncio.wait_for(reader.readline(), timeout=5)
            try:
                age = await crew.heartbeat_age()
            except Exception:
                # whatever keeps the worker from its database is the answer
                logging.getLogger(__name__).exception("no heartbeat to show")
                age = None
            beats = age is not None and age < STALE_AFTER.total_seconds()
            body = json.dumps({"status": "ok" if beats else "silent", "heartbeat_age": age})
            status = "200 OK" if beats else "503 Service Unavailable"
            head = f"HTTP/1.0 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(f"{head}{body}".encode())
            await writer.drain()
        except (TimeoutError, ConnectionError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", port)
    async with server:
        await crew.work()


def main() -> None:
    """Run the worker of this installation."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # one line a job is enough; the library also tells when it goes to sleep
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    current = settings()
    crew = Crew(declared(), job_engine(current.database_url("app")), current.libpq_url("app"))
    asyncio.run(serve(crew, current.worker_port))


if __name__ == "__main__":
    main()
