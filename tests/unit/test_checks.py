"""What can be known of a certificate before a service is given it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID

from acideploy.checks import certificate_problems
from acideploy.config.problem import Problem
from acideploy.config.values import Serving

NOW = datetime(2026, 6, 1, tzinfo=timezone.utc)
YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Pair:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def key_pem(self, phrase: bytes | None = None) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(phrase)
            if phrase
            else serialization.NoEncryption(),
        )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def _issue(
    subject: str,
    issuer: Pair | None = None,
    *,
    hosts: tuple[str, ...] = (),
    begins: datetime = NOW - YEAR,
    ends: datetime = NOW + YEAR,
    public: bool = False,
) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = x509.CertificateBuilder(
        issuer_name=issuer.certificate.subject if issuer else _name(subject),
        subject_name=_name(subject),
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=begins,
        not_valid_after=ends,
    )
    if hosts:
        names = [x509.DNSName(host) for host in hosts]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if public:
        where = x509.UniformResourceIdentifier("http://example.com/issuer.crt")
        access = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, where)
        builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
    signed = builder.sign(issuer.key if issuer else key, hashes.SHA256())
    return Pair(signed, key)


ROOT = _issue("the root")
MIDDLE = _issue("the middle", ROOT)
GOOD = _issue("own", MIDDLE, hosts=("score.example.com", "*.api.example.com"))


def _problems(
    folder: Path,
    *chain: Pair,
    key: bytes | None = None,
    cname: str | None = "score.example.com",
    now: datetime | None = NOW,
) -> tuple[Problem, ...]:
    certificate, key_file = folder / "own.pem", folder / "own.key"
    certificate.write_bytes(b"".join(each.pem for each in chain))
    key_file.write_bytes(chain[0].key_pem() if key is None else key)
    serving = Serving(ssl_enabled=True, ssl_certificate=certificate, ssl_key=key_file, cname=cname)
    return certificate_problems(serving, now=now)


def _codes(problems: tuple[Problem, ...]) -> list[tuple[str, str]]:
    return [(each.code, each.severity) for each in problems]


@pytest.mark.parametrize("chain", [(GOOD, MIDDLE), (GOOD, MIDDLE, ROOT)])
def test_nothing_is_told_of_a_good_certificate_with_its_chain(
    tmp_path: Path, chain: tuple[Pair, ...]
) -> None:
    assert _problems(tmp_path, *chain) == ()


def test_a_certificate_of_another_key_is_an_error(tmp_path: Path) -> None:
    (problem,) = _problems(tmp_path, GOOD, MIDDLE, key=MIDDLE.key_pem())
    assert problem.severity == "error"
    assert problem.message == f"it does not belong to the key {tmp_path / 'own.key'}"


def test_a_pass_phrase_is_named_as_such(tmp_path: Path) -> None:
    (problem,) = _problems(tmp_path, GOOD, MIDDLE, key=GOOD.key_pem(b"secret"))
    assert problem.severity == "error"
    assert problem.message == "the key has a pass phrase, which no service could be asked for"
    assert problem.place is not None
    assert problem.place.file == str(tmp_path / "own.key")


def test_files_that_are_not_pem_are_told_apart(tmp_path: Path) -> None:
    (problem,) = _problems(tmp_path, GOOD, key=b"not a key")
    assert (problem.place and problem.place.file, problem.message) == (
        str(tmp_path / "own.key"),
        "it has no PEM private key",
    )
    binary = tmp_path / "own.pem"
    binary.write_bytes(GOOD.certificate.public_bytes(serialization.Encoding.DER))
    serving = Serving(ssl_enabled=True, ssl_certificate=binary, ssl_key=tmp_path / "own.key")
    (problem,) = certificate_problems(serving)
    assert problem.message == "it has no PEM certificate"


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    serving = Serving(
        ssl_enabled=True, ssl_certificate=tmp_path / "no.pem", ssl_key=tmp_path / "no.key"
    )
    (problem,) = certificate_problems(serving, now=NOW)
    assert problem.message == "it cannot be read: No such file or directory"


@pytest.mark.parametrize(
    ("begins", "ends", "severity"),
    [
        (NOW - YEAR, NOW - timedelta(seconds=1), "error"),
        (NOW + timedelta(hours=1), NOW + YEAR, "error"),
        (NOW - YEAR, NOW + timedelta(days=29), "note"),
    ],
)
def test_dates_are_told(tmp_path: Path, begins: datetime, ends: datetime, severity: str) -> None:
    own = _issue("own", MIDDLE, hosts=("score.example.com",), begins=begins, ends=ends)
    assert _codes(_problems(tmp_path, own, MIDDLE)) == [("certificate-dates", severity)]


def test_an_expired_issuer_is_told_by_its_name(tmp_path: Path) -> None:
    old = _issue("old authority", ROOT, ends=NOW - timedelta(days=1))
    own = _issue("own", old, hosts=("score.example.com",))
    (problem,) = _problems(tmp_path, own, old)
    assert problem.message == "the certificate of old authority in it expired on 2026-05-31"


@pytest.mark.parametrize(
    ("cname", "there"),
    [
        ("score.example.com", True),
        ("Score.Example.COM.", True),
        ("a.api.example.com", True),
        ("api.example.com", False),
        ("a.b.api.example.com", False),
        ("example.com", False),
        ("10.0.0.1", False),
        (None, True),
    ],
)
def test_the_certificate_has_to_be_for_cname(
    tmp_path: Path, cname: str | None, there: bool
) -> None:
    expected = [] if there else [("certificate-name", "warning")]
    assert _codes(_problems(tmp_path, GOOD, MIDDLE, cname=cname)) == expected


def test_a_common_name_alone_is_not_enough(tmp_path: Path) -> None:
    own = _issue("score.example.com", MIDDLE)
    assert _codes(_problems(tmp_path, own, MIDDLE)) == [("certificate-name", "warning")]


def test_a_self_signed_certificate_is_a_note(tmp_path: Path) -> None:
    own = _issue("own", hosts=("score.example.com",))
    assert _codes(_problems(tmp_path, own)) == [("self-signed-certificate", "note")]


@pytest.mark.parametrize(
    ("chain", "words"),
    [
        ((GOOD, ROOT, MIDDLE), "out of order"),
        ((GOOD, ROOT), "has a gap: the middle, which issued own"),
        ((GOOD, MIDDLE, ROOT, MIDDLE), "after the root, which ends the chain"),
    ],
)
def test_a_chain_that_does_not_lead_up_is_told(
    tmp_path: Path, chain: tuple[Pair, ...], words: str
) -> None:
    (problem,) = _problems(tmp_path, *chain)
    assert (problem.code, problem.severity) == ("certificate-chain", "warning")
    assert words in problem.message


@pytest.mark.parametrize(("public", "severity"), [(True, "warning"), (False, "note")])
def test_a_chain_that_is_missing_is_told(tmp_path: Path, public: bool, severity: str) -> None:
    own = _issue("own", MIDDLE, hosts=("score.example.com",), public=public)
    assert _codes(_problems(tmp_path, own)) == [("certificate-chain", severity)]


def test_without_the_time_only_loading_is_checked(tmp_path: Path) -> None:
    own = _issue("own", ends=NOW - timedelta(days=1))
    assert _problems(tmp_path, own, now=None) == ()


def test_nothing_is_read_where_https_is_off(tmp_path: Path) -> None:
    serving = Serving(ssl_certificate=tmp_path / "no.pem", ssl_key=tmp_path / "no.key")
    assert certificate_problems(serving, now=NOW) == ()
