# What is configured.
server: zoo.conf

avail
avail cat
avail all
