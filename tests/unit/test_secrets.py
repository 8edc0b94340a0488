"""Keys and certificates: fresh in every run, understood by the programs that use them, and shown to nobody."""

import subprocess

import pytest

from scenarios.kit import configuration
from scenarios.kit.capability import find
from scenarios.kit.keys import KeyPair, Keyring
from scenarios.kit.pki import Authority


def test_a_key_stays_the_same_in_a_run_and_is_another_in_the_next():
    run, next_run = Keyring(), Keyring()

    assert run["gw"].private == run["gw"].private
    assert run["gw"].private != next_run["gw"].private
    assert run["gw"].private != run["other"].private


def test_a_shared_secret_is_the_same_for_both():
    keys = Keyring()

    assert keys.shared("a", "b") == keys.shared("b", "a")
    assert keys.shared("a", "b") != keys.shared("a", "c")


@pytest.mark.skipif(not find("wg"), reason="this machine lacks the program wg")
def test_wireguard_derives_the_same_public_key():
    pair = KeyPair()

    said = subprocess.run([find("wg"), "pubkey"], input=pair.private, capture_output=True, text=True, check=True).stdout

    assert said.strip() == pair.public


def test_a_configuration_is_shown_without_its_secrets():
    """For each kind of secret that a service writes into its files."""
    texts = ["[Interface]\nPrivateKey = c2VjcmV0\nListenPort = 51820\n", "[Peer]\nPresharedKey = c2VjcmV0\n",
             'secrets {\n  ike {\n    secret = "c2VjcmV0"\n  }\n}\n',
             "<key>\n-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n</key>\n"]

    shown = [configuration.without_secrets(text) for text in texts]

    assert not any("c2VjcmV0" in text for text in shown)
    assert all(configuration.HIDDEN in text for text in shown)
    assert "ListenPort = 51820" in shown[0]


def test_secrets_do_not_print_themselves():
    keys = Keyring()
    credentials = keys.authority.issue("gw")

    assert keys["gw"].private not in repr(keys["gw"]) + repr(keys)
    assert "PRIVATE" not in repr(credentials)
    assert "PRIVATE KEY" in credentials.key


def verdict(tmp_path, authority, name, *options):
    """What openssl(1) thinks of a certificate."""
    (tmp_path / "ca.crt").write_text(authority.certificate)
    (tmp_path / "own.crt").write_text(authority.issue(name).certificate)
    (tmp_path / "crl.pem").write_text(authority.revocations())
    done = subprocess.run(["openssl", "verify", "-CAfile", "ca.crt", *options, "own.crt"], cwd=tmp_path,
                          capture_output=True, text=True)
    return (done.stdout + done.stderr).strip()


def test_a_certificate_is_good_until_it_is_revoked(tmp_path):
    authority = Authority("company")

    assert verdict(tmp_path, authority, "alice", "-crl_check", "-CRLfile", "crl.pem").endswith("own.crt: OK")
    authority.revoked.add("alice")
    assert "certificate revoked" in verdict(tmp_path, authority, "alice", "-crl_check", "-CRLfile", "crl.pem")
    assert verdict(tmp_path, authority, "bob", "-crl_check", "-CRLfile", "crl.pem").endswith("own.crt: OK")


def test_a_certificate_of_somebody_else_is_not_good(tmp_path):
    own, other = Authority("company"), Authority("company")
    (tmp_path / "ca.crt").write_text(own.certificate)
    (tmp_path / "own.crt").write_text(other.issue("alice").certificate)

    done = subprocess.run(["openssl", "verify", "-CAfile", "ca.crt", "own.crt"], cwd=tmp_path, capture_output=True)

    assert done.returncode != 0
