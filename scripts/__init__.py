"""What prepares, starts and checks the project: standard library only, unless a module says otherwise."""
