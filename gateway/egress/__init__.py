"""The ways out: nodes, their health, clearances, and whose fault a failure is.

All in memory: rows and the solver are the affair of `gateway.exits`, connections that
of `gateway.upstream`.
"""
