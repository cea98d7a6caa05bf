#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints what a reader needs of trx files: each failed test with its message, and how many tests were skipped for which reason.

Usage: results.py [--counts] FILE ...
  --counts   also print passed, failed and skipped of each file
"""

import collections
import os
import sys
import xml.etree.ElementTree as tree

NAMESPACE = {'t': 'http://microsoft.com/schemas/VisualStudio/TeamTest/2010'}


def message(result):
    return result.findtext('.//t:Message', '', NAMESPACE).strip() or result.findtext('.//t:StdOut', '', NAMESPACE).strip()


def main(arguments):
    counts = '--counts' in arguments
    reasons = collections.Counter()
    for file in (a for a in arguments if a != '--counts'):
        outcomes = collections.Counter()
        for result in tree.parse(file).iterfind('.//t:UnitTestResult', NAMESPACE):
            outcome = {'Passed': 'passed', 'Failed': 'failed'}.get(result.get('outcome'), 'skipped')
            outcomes[outcome] += 1
            if outcome == 'failed':
                print('FAILED', result.get('testName') + '\n    ' + message(result)[:1500].replace('\n', '\n    '))
            elif outcome == 'skipped':
                reasons[message(result) or 'no reason given'] += 1
        if counts:
            name = os.path.splitext(os.path.basename(file))[0]
            print(f'{name}: ' + ', '.join(f'{outcomes[o]} {o}' for o in ('passed', 'failed', 'skipped')))
    for reason, count in sorted(reasons.items()):
        print(f'SKIPPED {count}: {reason}')


main(sys.argv[1:])
