"""Services as text: what they would write and run, without running anything."""

from pathlib import Path
from types import SimpleNamespace

from scenarios.kit.pki import Authority
from scenarios.kit.services import Dns, Ftp, Smtp, Ssh, SshKey, SshUser, Web
from scenarios.kit.services.ssh import ssh
from scenarios.kit.tables import _end

NODE = SimpleNamespace(name="server", supervisor=SimpleNamespace(directory=Path("/tmp/server")))


def test_a_web_server_in_clear_has_no_keys():
    files = Web(pages={"a.txt": "A"}).files(NODE)

    assert set(files) == {"web.conf", "web/index.html", "web/a.txt"}
    assert "listen 80;" in files["web.conf"]
    assert "ssl" not in files["web.conf"]


def test_a_web_server_with_tls_has_a_certificate_in_its_name():
    from cryptography import x509

    files = Web(port=443, authority=Authority("us"), host="www.home.arpa", name="secure_web").files(NODE)
    certificate = x509.load_pem_x509_certificate(files["secure_web.crt"].encode())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value

    assert "listen 443 ssl;" in files["secure_web.conf"]
    assert names.get_values_for_type(x509.DNSName) == ["www.home.arpa"]
    assert "PRIVATE KEY" in files["secure_web.key"]


def test_a_host_and_its_users_know_each_other_by_keys():
    host, user = SshKey(), SshKey()
    there = Ssh(host, users=[user], port=2222).files(NODE)
    here = SshUser(user, known=(("192.0.2.1", host),)).files(NODE)

    assert there["authorized_keys"] == f"{user.public}\n"
    assert here["known_hosts"] == f"192.0.2.1 {host.public}\n"
    assert host.public.startswith("ssh-ed25519 ")
    assert here["id.key"].startswith("-----BEGIN OPENSSH PRIVATE KEY-----")
    assert "Port 2222\n" in there["sshd.conf"]


def test_a_key_does_not_print_its_secret():
    assert "PRIVATE" not in repr(SshKey())


def test_a_login_is_a_list_of_words():
    words = ssh(NODE, "192.0.2.1", "cat", "a file; rm -rf /")

    assert words[-3:] == ["root@192.0.2.1", "cat", "a file; rm -rf /"]
    assert "-oIdentityFile=/tmp/server/id.key" in words


def test_names_mail_and_files():
    assert "host-record=www.home.arpa,192.0.2.1\n" in Dns({"www.home.arpa": "192.0.2.1"}).files(NODE)["names.conf"]
    assert "listen on 0.0.0.0 port 25 hostname server.home.arpa\n" in Smtp().files(NODE)["smtpd.conf"]
    assert Ftp({"a.txt": "A"}).files(NODE)["ftp/a.txt"] == "A"


def test_an_end_of_a_connection_as_ss_writes_it():
    assert _end("[::ffff:192.0.2.1]:80") == ("192.0.2.1", 80)
    assert _end("192.0.2.1:40000") == ("192.0.2.1", 40000)
    assert _end("[2001:db8::1]:22") == ("2001:db8::1", 22)
