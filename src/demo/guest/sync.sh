#!/bin/sh
# Stands in for sync(1) in a guest of the demo: flushes the guest's disks, and nothing of the machine that it runs on.
guest=$(dirname "$0")/..
PATH=/usr/bin:/bin exec sync "$guest"/disks/*
