"""Whether clients will trust a certificate, as far as its file tells."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509.oid import AuthorityInformationAccessOID

from acideploy.config.problem import Place, Problem, Severity

_SOON = timedelta(days=30)


def trust_problems(file: Path, *, cname: str | None, now: datetime) -> tuple[Problem, ...]:
    """Of the dates, names and chain of a PEM file whose first certificate is the service's own.

    What OpenSSL can load and this reader cannot is passed over.
    """
    with suppress(ValueError, UnsupportedAlgorithm):
        chain = x509.load_pem_x509_certificates(file.read_bytes())
        found = (*_dates(chain, now), *_names(chain[0], cname), *_chain(chain))
        return tuple(
            Problem(
                code=code,
                severity=severity,
                message=message,
                place=Place(file=str(file)),
                hint=hint,
            )
            for code, severity, message, hint in found
        )
    return ()


# Code, severity, message and hint of a problem in the file.
_Found = Iterator[tuple[str, Severity, str, str | None]]


def _dates(chain: Sequence[x509.Certificate], now: datetime) -> _Found:
    renew = "renew it, and deploy or `acideploy service update` with the new files"
    for index, each in enumerate(chain):
        which = "it" if index == 0 else f"the certificate of {_common_name(each.subject)} in it"
        ends = each.not_valid_after_utc
        if now > ends:
            yield "certificate-dates", "error", f"{which} expired on {ends:%Y-%m-%d}", renew
        elif now < each.not_valid_before_utc:
            begins = f"{which} is not valid before {each.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
            yield "certificate-dates", "error", begins, "check its dates and this machine's clock"
        elif ends - now < _SOON:
            left = f"{which} expires on {ends:%Y-%m-%d}, in {(ends - now).days} days"
            yield "certificate-dates", "note", left, renew


def _names(certificate: x509.Certificate, cname: str | None) -> _Found:
    if not cname:
        return
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        message = "it names no host as a subject alternative name, and clients read no other names"
        yield "certificate-name", "warning", message, f"get one for {cname}"
        return
    hosts = names.get_values_for_type(x509.DNSName)
    addresses = [str(each) for each in names.get_values_for_type(x509.IPAddress)]
    if _address(cname) not in addresses and not any(_covers(host, cname) for host in hosts):
        listed = ", ".join([*hosts, *addresses][:5]) or "no host"
        message = f"it is for {listed}, and not for cname {cname}"
        yield "certificate-name", "warning", message, f"get one for {cname}, or change cname"


def _covers(pattern: str, name: str) -> bool:
    """Whether a name of a certificate, `*` for one label at its beginning, is that of a host.

    https://datatracker.ietf.org/doc/html/rfc9525#section-6.3
    """
    pattern, name = _ascii(pattern), _ascii(name)
    if pattern.startswith("*."):
        first, _, rest = name.partition(".")
        return bool(first) and rest == pattern[2:]
    return pattern == name


def _ascii(name: str) -> str:
    with suppress(UnicodeError):
        return name.rstrip(".").encode("idna").decode().lower()
    return name.rstrip(".").lower()


def _address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def _chain(chain: Sequence[x509.Certificate]) -> _Found:
    own = chain[0]
    if own.issuer == own.subject:
        message = "it is self-signed: clients have to be given it to trust it"
        yield "self-signed-certificate", "note", message, None
        return
    last = own
    for each in chain[1:]:
        if not _issued(last, by=each):
            yield from _out_of_order(last, chain)
            return
        last = each
    if last is own:
        yield from _alone(own)


def _out_of_order(certificate: x509.Certificate, chain: Sequence[x509.Certificate]) -> _Found:
    """What follows a certificate in the file is not its issuer."""
    issuer = _common_name(certificate.issuer)
    if certificate.issuer == certificate.subject:
        message = f"after {issuer}, which ends the chain, there are more certificates"
        yield "certificate-chain", "warning", message, "remove what follows it"
    elif any(_issued(certificate, by=each) for each in chain):
        message = f"its chain is out of order: {issuer} does not follow what it issued"
        hint = "put the certificate first, then its issuer, then that one's"
        yield "certificate-chain", "warning", message, hint
    else:
        subject = _common_name(certificate.subject)
        message = f"its chain has a gap: {issuer}, which issued {subject}, is not in it"
        yield "certificate-chain", "warning", message, f"add the certificate of {issuer}"


def _alone(certificate: x509.Certificate) -> _Found:
    """No chain at all, which is right only where the issuer itself is what clients trust."""
    issuer = _common_name(certificate.issuer)
    message = f"it comes without a chain: {issuer}, which issued it, is not in the file"
    hint = f"add the certificate of {issuer}, unless clients trust that one itself"
    yield (
        "certificate-chain",
        "warning" if _tells_its_issuer(certificate) else "note",
        message,
        hint,
    )


def _tells_its_issuer(certificate: x509.Certificate) -> bool:
    """Whether it says where its issuer's certificate is, as what public authorities issue does."""
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess)
    except x509.ExtensionNotFound:
        return False
    return any(
        each.access_method == AuthorityInformationAccessOID.CA_ISSUERS for each in access.value
    )


def _issued(certificate: x509.Certificate, *, by: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(by)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _common_name(name: x509.Name) -> str:
    names = name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(names[0].value) if names else name.rfc4514_string()
