"""The processes of an execution environment: started, frozen, measured, killed."""
