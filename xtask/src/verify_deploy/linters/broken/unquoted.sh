#!/bin/sh
# SC2086: a name with a space becomes two.
folder=$1
ls $folder
