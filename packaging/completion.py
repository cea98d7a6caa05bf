#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the bash completion of devmapd, from what its --help says.

Usage: completion.py DEVMAPD
"""

import re
import subprocess
import sys

TEMPLATE = """# SPDX-License-Identifier: Apache-2.0
# Completes the commands and options of devmapd in bash. Made by packaging/completion.py.

_devmapd() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command='' word options
    case $previous in
        --config)
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
            return
            ;;
        --interface)
            mapfile -t COMPREPLY < <(compgen -W "$(ls /sys/class/net 2>/dev/null)" -- "$current")
            return
            ;;
        --mode)
            mapfile -t COMPREPLY < <(compgen -W "native generic tcx auto" -- "$current")
            return
            ;;
    esac
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case $word in
            @COMMANDS@) command=$word ;;
        esac
    done
    case $command in
@OPTIONS@
    esac
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
}

complete -F _devmapd devmapd
"""


def read_help(program, *command):
    """Returns the long options and the commands that a help text lists."""
    text = subprocess.run([program, *command, '--help'], check=True, capture_output=True, text=True).stdout
    options, commands, section = [], [], ''
    for line in text.splitlines():
        if not line.startswith(' '):
            section = line.strip()
        elif section == 'Options:' and re.match(r'  \S', line):
            options += re.findall(r'--[a-z-]+', line.split('  ')[1])
        elif section == 'Commands:' and (name := re.match(r'  ([a-z-]+)', line)):
            commands.append(name.group(1))
    return options, commands


def main(program):
    options, commands = read_help(program)
    lines = [f"        '') options='{' '.join(options + commands)}' ;;"]
    for command in commands:
        lines.append(f"        {command}) options='{' '.join(read_help(program, command)[0])}' ;;")
    print(TEMPLATE.replace('@COMMANDS@', ' | '.join(commands)).replace('@OPTIONS@', '\n'.join(lines)), end='')


main(sys.argv[1])
