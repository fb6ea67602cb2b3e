# The log of the server itself.
server: calm.conf

~order programs come up together, and in any order
maintail
~order programs come up together, and in any order
maintail -50
~order programs come up together, and in any order
maintail -0
~order programs come up together, and in any order
maintail --10
~order programs come up together, and in any order
maintail -1
~order programs come up together, and in any order
maintail -99999999999
