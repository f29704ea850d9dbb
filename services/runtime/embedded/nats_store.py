"""What is done to the messages of a NATS server while it does not run."""

from pathlib import Path


def forget_summaries(store: Path) -> None:
    """
    Let the server read and check each of its blocks when it starts; of 50 MB no difference in time is seen.

    After a stop in order nats-server 2.15.1 believes its summaries instead: of a message that was
    damaged since then it says that it is there, and passes over it without a word. Checked, a stream
    ends before what is damaged, which a cluster fetches from the other replicas, and the relay of a
    single server tells again.

    Args:
        store: Of a server that does not run.
    """
    for summary in store.rglob("index.db"):
        summary.unlink()
