"""Which files may be edited: by their names, and by where links lead."""

from pathlib import Path

import pytest

from editsvc.errors import Means, Remedy
from editsvc.files import workspace
from editsvc.files.workspace import PathRefused

KEYS = """
.env .env.local .env.production .ENV .Env.Local production.env .envrc
id_rsa id_dsa id_ecdsa id_ed25519 id_ed25519_sk id_rsa.old id_rsa_work ID_RSA ssh_host_ed25519_key
server.pem server.key cert.p12 cert.pfx app.jks release.keystore putty.ppk passwords.kdbx AuthKey.p8 SERVER.KEY
.netrc _netrc .pgpass .npmrc .pypirc .git-credentials .htpasswd .my.cnf .bash_history .python_history .vault-token
.ssh/config .ssh/known_hosts .gnupg/gpg.conf .aws/credentials .aws/config .kube/config .docker/config.json
.cargo/credentials.toml .config/gh/hosts.yml terraform.tfstate deep/in/.ssh/id
"""
FREE = """
.env.example .env.sample .env.template .env.dist .env.local.example example.env env.py environment.py .environment
id_rsa.pub server.key.pub keys.py key.py monkey.py pem.md id_card.py rsa.py .gitignore .gitattributes .github/x.yml
gitignore git/config .gitmodules .npmignore history.py ssh/config credentials.toml hosts.yml Dockerfile .dockerignore
"""
VERSION_CONTROL = """
.git/config .git/hooks/pre-commit .GIT/config .Git/config sub/.git/config .git GIT~1/config
.hg/hgrc .svn/entries .jj/repo
"""


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A work tree in a folder that has other things too."""
    (tmp_path / "work" / ".git").mkdir(parents=True)
    (tmp_path / "work" / "sub").mkdir()
    (tmp_path / "outside").mkdir()
    for name in ("outside/secret.py", "work/a.py", "work/sub/b.py"):
        (tmp_path / name).write_text("x = 1\n")
    return tmp_path / "work"


@pytest.mark.parametrize("name", KEYS.split())
def test_files_that_usually_hold_keys_are_refused_however_they_are_named(here: Path, name: str) -> None:
    for path in (name, str(here / name)):
        with pytest.raises(PathRefused, match="usually holds keys") as caught:
            workspace.typed(path, here=here)
        assert caught.value.remedies == (Remedy(Means.ALLOW_PATH, path),)
    with pytest.raises(PathRefused, match="usually holds keys"):
        workspace.opened(here / name, root=None)


@pytest.mark.parametrize("name", FREE.split())
def test_names_that_only_look_alike_are_edited(here: Path, name: str) -> None:
    assert workspace.typed(name, here=here) == here / name
    workspace.opened(here / name, root=here)


@pytest.mark.parametrize(
    "name", [*VERSION_CONTROL.split(), ".g\u200cit/config", ".git /config", ".git::$INDEX_ALLOCATION/config"]
)
def test_what_version_control_keeps_for_itself_is_refused_however_it_is_spelled(
    here: Path, name: str
) -> None:
    with pytest.raises(PathRefused, match="belongs to the version control system"):
        workspace.typed(name, here=here)
    with pytest.raises(PathRefused, match="belongs to the version control system"):
        workspace.opened(here / name, root=here)


@pytest.mark.parametrize("name", ["../outside/secret.py", "sub/../../outside/secret.py", ".."])
def test_a_relative_path_does_not_lead_out_of_the_work_tree(here: Path, name: str) -> None:
    with pytest.raises(PathRefused, match=r"leads out of the workspace .*work\.$"):
        workspace.typed(name, here=here)


def test_from_a_folder_of_the_work_tree_the_whole_of_it_is_in_reach(here: Path) -> None:
    assert workspace.typed("../a.py", here=here / "sub") == here / "a.py"
    (here / ".git").rmdir()
    with pytest.raises(PathRefused, match=r"leads out of the workspace .*sub\.$"):
        workspace.typed("../a.py", here=here / "sub")


@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize("what", ["file", "folder", "link to a link"])
def test_a_link_does_not_lead_out_of_the_work_tree(here: Path, what: str, *, absolute: bool) -> None:
    outside = here.parent / "outside"
    match what:
        case "file":
            (here / "link.py").symlink_to(outside / "secret.py")
            name = "link.py"
        case "folder":
            (here / "link").symlink_to(outside)
            name = "link/secret.py"
        case _:
            (outside / "second.py").symlink_to(here / "a.py")
            (here / "first.py").symlink_to("../outside/secret.py")
            (here / "link.py").symlink_to("first.py")
            name = "link.py"
    with pytest.raises(PathRefused, match="through a symbolic link"):
        workspace.typed(str(here / name) if absolute else name, here=here)
    with pytest.raises(PathRefused, match="through a symbolic link"):
        workspace.opened(here / name, root=here)


def test_links_within_the_work_tree_are_fine(here: Path) -> None:
    (here / "link.py").symlink_to("sub/b.py")
    (here / "folder").symlink_to("sub")
    for name in ("link.py", "folder/b.py"):
        assert workspace.typed(name, here=here) == here / "sub" / "b.py"
        workspace.opened(here / name, root=here)


def test_a_link_to_keys_in_the_work_tree_is_refused_too(here: Path) -> None:
    (here / ".env").write_text("KEY=1\n")
    (here / "notes.txt").symlink_to(".env")
    (here / "settings").symlink_to(".git")
    with pytest.raises(PathRefused, match=r"notes\.txt is a file that usually holds keys"):
        workspace.typed("notes.txt", here=here)
    with pytest.raises(PathRefused, match="settings/config belongs to the version control system"):
        workspace.typed("settings/config", here=here)


def test_an_absolute_path_may_lead_anywhere(here: Path) -> None:
    outside = here.parent / "outside" / "secret.py"
    assert workspace.typed(str(outside), here=here) == outside
    assert workspace.typed(str(here / ".." / "outside" / "secret.py"), here=here) == outside
    workspace.opened(outside, root=here)


def test_a_workspace_may_itself_be_reached_through_a_link(here: Path) -> None:
    link = here.parent / "link"
    link.symlink_to(here)
    assert workspace.typed(str(link / "sub" / "b.py"), here=here.parent) == here / "sub" / "b.py"
    assert workspace.typed("sub/b.py", here=link) == here / "sub" / "b.py"
    workspace.opened(link / "a.py", root=link)
    workspace.opened(here / "a.py", root=link)
    (here / "out.py").symlink_to("../outside/secret.py")
    for path in (link / "out.py", here / "out.py"):
        with pytest.raises(PathRefused):
            workspace.opened(path, root=link)


def test_what_is_named_expressly_is_allowed_and_nothing_else(here: Path) -> None:
    (here / ".env").write_text("KEY=1\n")
    (here / "link.py").symlink_to("../outside/secret.py")
    allowed = [".env", str(here / "link.py")]
    assert workspace.typed("./.env", here=here, allowed=allowed) == here / ".env"
    assert workspace.typed("link.py", here=here, allowed=allowed) == here.parent / "outside" / "secret.py"
    for other in (".env.local", "sub/.env", "../outside/secret.py"):
        with pytest.raises(PathRefused):
            workspace.typed(other, here=here, allowed=allowed)


def test_a_file_that_is_not_there_and_a_circle_of_links_are_no_matter_here(here: Path) -> None:
    assert workspace.typed("new.py", here=here) == here / "new.py"
    (here / "circle.py").symlink_to("circle.py")
    assert workspace.typed("circle.py", here=here).name == "circle.py"
