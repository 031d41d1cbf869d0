"""Reports: any measures of any rows, over any span, for whoever may see them."""
