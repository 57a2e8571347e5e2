"""XML that is not trusted: entities, depth, size, and encodings other than declared."""

import pytest

from einthoven.errors import RecordUnreadable
from einthoven.records import read, xml_tree
from einthoven.records.xml_tree import parse_xml, text_of

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {b} "{10 * f"&{a};"}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    + "]><AnnotatedECG>&i;</AnnotatedECG>"
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (BOMB, "entities"),
        ('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><RestingECG>&x;</RestingECG>', "entities"),
        ("<AnnotatedECG>" + "<a>" * 100 + "</a>" * 100 + "</AnnotatedECG>", "deep"),
        ("<AnnotatedECG><a></AnnotatedECG>", "mismatched tag"),
        ("<AnnotatedECG>", "no element found"),
    ],
)
def test_what_is_unsafe_or_not_well_formed_is_refused(tmp_path, text, found):
    file = tmp_path / "a.xml"
    file.write_text(text)
    with pytest.raises(RecordUnreadable) as caught:
        read(file)
    assert found in caught.value.found


def test_size_and_number_of_elements_are_bounded(tmp_path, monkeypatch):
    file = tmp_path / "a.xml"
    file.write_text("<a>" + "<b/>" * 50 + "</a>")
    assert len(parse_xml(file, "test")) == 50
    monkeypatch.setattr(xml_tree, "_MOST_ELEMENTS", 50)
    with pytest.raises(RecordUnreadable, match="over 50 XML elements"):
        parse_xml(file, "test")
    file.write_text("<a " + " ".join(f'b{n}=""' for n in range(51)) + "/>")
    monkeypatch.setattr(xml_tree, "_MOST_ATTRIBUTES", 50)
    with pytest.raises(RecordUnreadable, match="over 50 XML attributes"):
        parse_xml(file, "test")
    monkeypatch.setattr(xml_tree, "_MOST_BYTES", 100)
    with pytest.raises(RecordUnreadable, match="bytes of XML"):
        parse_xml(file, "test")


@pytest.mark.parametrize(
    ("declared", "written"),
    [
        ("UTF-8", "latin-1"),
        ("UTF-16", "utf-8"),
        ("UTF-16", "utf-16"),
        ("ISO-8859-1", "latin-1"),
        ("ISO8859-1", "latin-1"),
    ],
)
def test_another_encoding_than_declared_is_read(tmp_path, declared, written):
    file = tmp_path / "a.xml"
    file.write_bytes(
        f'\n<?xml version="1.0" encoding="{declared}"?><a xmlns="urn:x"><b>Müller</b></a>'.lstrip().encode(written)
    )
    assert text_of(parse_xml(file, "test"), "b") == "Müller"
