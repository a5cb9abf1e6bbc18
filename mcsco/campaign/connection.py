"""The way to a Dask scheduler: its address, its certificates, and quiet when it is lost."""

from __future__ import annotations

import json
import logging
import re
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcsco.errors import InputError


def load_distributed() -> Any:
    """The module, or `InputError` if it is not installed."""
    try:
        import distributed
    except ImportError:
        raise InputError("a cluster needs distributed; pip install 'mcsco[dask]'") from None
    return distributed


@dataclass(frozen=True)
class Certificates:
    """PEM files with which this side and the scheduler make sure of each other."""

    ca: Path
    """Of the authority that both trust."""
    certificate: Path
    key: Path

    def security(self) -> Any:
        """A ``distributed.Security`` for every role.

        Raises
        ------
        InputError
            If a file is missing, is not what it should be, or the key is that of another certificate.
        """
        for path in (self.ca, self.certificate, self.key):
            if not path.is_file():
                raise InputError(f"{path}: is not a file; --tls-ca, --tls-cert and --tls-key name PEM files")
        try:
            context = ssl.create_default_context(cafile=str(self.ca))
        except (ssl.SSLError, OSError) as error:
            raise InputError(f"{self.ca}: cannot be used as --tls-ca ({error}); give a certificate in PEM") from None
        try:
            context.load_cert_chain(self.certificate, self.key, password=_no_password)
        except (ssl.SSLError, OSError) as error:
            raise InputError(
                f"{self.certificate} and {self.key}: cannot be used together ({error}); give a certificate and "
                "its own key in PEM, without a password"
            ) from None
        ca, certificate, key = (str(path.resolve()) for path in (self.ca, self.certificate, self.key))
        roles = ("client", "scheduler", "worker")
        files = {f"tls_{role}_cert": certificate for role in roles} | {f"tls_{role}_key": key for role in roles}
        return load_distributed().Security(tls_ca_file=ca, require_encryption=True, **files)


def is_address(text: str) -> bool:
    """Whether this is an address, and not the path of a file."""
    return "://" in text or re.fullmatch(r"(\[[0-9a-fA-F:]+\]|[\w.-]+):\d+", text) is not None


def address_in(path: Path, seconds: float) -> str:
    """The address in a scheduler file, which may be written at this very moment."""
    end = time.monotonic() + seconds
    while True:
        try:
            return str(json.loads(path.read_text(encoding="utf-8"))["address"])
        except OSError as error:
            if time.monotonic() > end:
                raise OSError(f"{path}: {error.strerror}") from None
        except (ValueError, KeyError, TypeError):
            if time.monotonic() > end:
                raise ValueError(f"{path} is not a scheduler file") from None
        time.sleep(0.2)


def n_threads(client: Any) -> int | None:
    """Threads of all workers, None if the scheduler does not say."""
    try:
        return int(sum(client.nthreads().values()))
    except (OSError, RuntimeError, CancelledError):
        return None


def reason_of(error: BaseException) -> str:
    """Why there is no connection, in one line and without addresses in memory."""
    text = " ".join(str(error.__cause__ or error).split()) or type(error).__name__
    return re.sub(r"in <.*? object at 0x[0-9a-f]+>: ", "", text)


def _no_password() -> str:
    """No terminal is asked: an encrypted key is refused."""
    return ""


@contextmanager
def quiet() -> Iterator[None]:
    """Losses are told in words of this module, not by tracebacks from the threads of distributed."""
    names = ("distributed", "distributed.client", "distributed.core", "distributed.comm", "tornado.application")
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
