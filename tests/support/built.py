"""The program and the plugins that a test by hand takes where none are named: what scripts/quickstart and t2build made."""
import os
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / 'build/release'


def program_and_plugins(words):
    """Of the command line, BINARY and PLUGIN_FOLDER, or nothing. Paths, absolute."""
    program, plugins = map(os.path.abspath, words or (FOLDER / 'tranalyzer', FOLDER / 'plugins'))
    for path in (program, plugins):
        if not os.path.exists(path):
            sys.exit(f'{path} does not exist: run scripts/quickstart, or name BINARY and PLUGIN_FOLDER')
    return program, plugins
