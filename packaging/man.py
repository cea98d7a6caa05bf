#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a manual page: its frame from packaging/man, its facts from docs/operation.md, or docs/devmapctl.md for that program.

Usage: man.py PAGE VERSION
  PAGE   devmapd.8, devmapd.conf.5 or devmapctl.1

A line "@SECTION NAME@" of the frame is replaced by the section of the document with that title.
"""

import os
import re
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))


def sections(path):
    """Returns the lines of each section of a document by its title."""
    found, title = {}, ''
    for line in open(path, encoding='utf-8'):
        if line.startswith('## '):
            title = line[3:].strip()
        else:
            found.setdefault(title, []).append(line.rstrip('\n'))
    return found


def inline(text):
    """Renders the text of a line: code in bold, links by their words."""
    text = re.sub(r'\[([^\]]*)\]\([^)]*\)', r'\1', text).replace('\\', '\\e').replace('-', '\\-')
    text = re.sub(r'`([^`]*)`', r'\\fB\1\\fR', text)
    text = re.sub(r'\*\*([^*]*)\*\*', r'\\fB\1\\fR', text)
    return '\\&' + text if text.startswith(('.', "'")) else text


def table(rows):
    """Renders a table as a list: the first cell is the term, the rest its description."""
    head, body = rows[0], rows[2:]
    for cells in body:
        yield '.TP'
        yield inline(cells[0]) or '\\&'
        described = [inline(cell) for cell in cells[1:] if cell]
        if len(head) == 3 and head[1] == 'default' and cells[1]:
            described = [f'Default {inline(cells[1])}. {inline(cells[2][:1].upper() + cells[2][1:])}']
        yield '\n.br\n'.join(described) or '\\&'
    yield '.PP'


def render(lines):
    """Renders the lines of a section."""
    rows = []
    for line in lines + ['']:
        if line.startswith('|'):
            rows.append([cell.strip() for cell in re.split(r'(?<!\\)\|', line)[1:-1]])
            continue
        if rows:
            yield from table(rows)
            rows = []
        if line.startswith('### '):
            yield f'.SS {inline(line[4:])}'
        elif line.startswith('```'):
            continue
        elif line == '':
            yield '.PP'
        else:
            yield inline(line[2:] if line.startswith('- ') else line)


def main(page, version):
    document = sections(os.path.join(FOLDER, '../docs', 'devmapctl.md' if page == 'devmapctl.1' else 'operation.md'))
    for line in open(os.path.join(FOLDER, 'man', page), encoding='utf-8'):
        section = re.fullmatch(r'@SECTION (.*)@\n', line)
        if section:
            print('\n'.join(render(document[section.group(1)])))
        else:
            print(line.replace('@VERSION@', version), end='')


main(*sys.argv[1:])
