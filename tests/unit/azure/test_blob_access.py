from __future__ import annotations

from datetime import datetime, timezone

import pytest

from acideploy.azure.blob_access import AccountKey, Bearer, SharedAccess, authorised
from acideploy.errors import AzureError

URL = "https://acc.blob.core.windows.net/c?restype=container&comp=list"
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=timezone.utc)


def test_a_token_a_key_and_a_signature_each_go_where_the_service_looks() -> None:
    bearer = authorised(Bearer(token=lambda: "t"), "GET", URL, {}, account="acc", now=NOW)
    assert bearer.headers["Authorization"] == "Bearer t"
    shared = authorised(SharedAccess(query="?sv=1&sig=2"), "GET", URL, {}, account="acc", now=NOW)
    assert shared.url == f"{URL}&sv=1&sig=2"
    assert "Authorization" not in shared.headers
    key = authorised(AccountKey(key="a2V5"), "GET", URL, {}, account="acc", now=NOW)
    assert key.headers["Authorization"].startswith("SharedKey acc:")
    assert key.headers["x-ms-date"] == "Wed, 25 Nov 2026 12:00:00 GMT"
    assert key.url == URL


@pytest.mark.parametrize("secret", [AccountKey(key="a2V5"), SharedAccess(query="sig=a2V5")])
def test_a_secret_is_not_printed(secret: AccountKey | SharedAccess) -> None:
    signed = authorised(secret, "GET", URL, {}, account="acc", now=NOW)
    assert "a2V5" not in f"{secret!r} {signed!r}"


def test_a_key_that_is_none_is_told_without_it() -> None:
    with pytest.raises(AzureError) as caught:
        authorised(AccountKey(key="x"), "GET", URL, {}, account="acc", now=NOW)
    assert caught.value.hint
