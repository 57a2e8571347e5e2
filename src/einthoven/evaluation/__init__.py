"""Score predictions, with intervals; needs neither torch nor a corpus."""
