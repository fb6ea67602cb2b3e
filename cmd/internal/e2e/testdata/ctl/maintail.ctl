# The log of the server itself.
server: calm.conf

maintail
maintail -50
maintail -0
maintail --10
maintail -1
maintail -99999999999
