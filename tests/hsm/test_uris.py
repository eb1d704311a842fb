from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hsm.errors import UriMalformed
from hsm.uri import Pkcs11Uri


def test_a_token_is_named_by_its_attributes_and_its_module() -> None:
    uri = Pkcs11Uri.parse("pkcs11:token=Issuing%20CAs;serial=0042?module-name=vendor")
    assert uri.token_attributes == {"token": "Issuing CAs", "serial": "0042"}
    assert (uri.module_name, uri.module_path) == ("vendor", None)


def test_a_module_is_named_by_its_path() -> None:
    uri = Pkcs11Uri.parse("pkcs11:?module-path=/usr/lib/softhsm/libsofthsm2.so")
    assert uri.module_path == "/usr/lib/softhsm/libsofthsm2.so"
    assert uri.token_attributes == {}


def test_khmer_labels_survive_percent_encoding() -> None:
    assert Pkcs11Uri.parse("pkcs11:token=%E1%9E%80").token_attributes == {"token": "ក"}


@pytest.mark.parametrize(
    "text",
    [
        "pkcs11:token=x?pin-value=482913",
        "pkcs11:token=x;pin-value=482913",
        "pkcs11:token=x?pin-source=file:482913",
        "pkcs11:token=x?module-name=a&pin-value=482913",
    ],
)
def test_a_pin_in_a_uri_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(UriMalformed) as refusal:
        Pkcs11Uri.parse(text)
    assert "482913" not in repr(refusal.value) + str(refusal.value.data)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pkcs11",
        "http:token=x",
        "pkcs11:token",
        "pkcs11:=x",
        "pkcs11:token=x;token=y",
        "pkcs11:token=%ff",
        "pkcs11:object=key",
        "pkcs11:token=x?x-vendor=1",
        "pkcs11:token=x;;serial=1",
    ],
)
def test_what_is_no_usable_uri_is_malformed(text: str) -> None:
    with pytest.raises(UriMalformed):
        Pkcs11Uri.parse(text)


@given(
    st.text(alphabet=st.characters(max_codepoint=0x2FF)) | st.from_regex(r"pkcs11:[a-z=;?&%0-9]*")
)
def test_any_text_parses_or_is_malformed(text: str) -> None:
    try:
        Pkcs11Uri.parse(text)
    except UriMalformed as refusal:
        assert refusal.detail
