# The interval of a mean over people in clusters, CR2 with Satterthwaite's degrees of freedom.
# Made clusters.txt beside it: Rscript clusters.R > clusters.txt
suppressPackageStartupMessages(library(clubSandwich))
cat(R.version.string, "; clubSandwich", as.character(packageVersion("clubSandwich")), "\n")
# Invented changes of 5, 8, 3 and 12 people, in whole points.
change <- c(2, -1, 4, 0, 3,  5, 1, 6, 2, 4, 3, -2, 7,  -3, 0, 1,  2, 2, 4, 1, 0, 3, 5, -1, 2, 6, 1, 3)
cohort <- rep(c("a", "b", "c", "d"), c(5, 8, 3, 12))
fit <- lm(change ~ 1)
for (kept in list(c("a", "b", "c", "d"), c("a", "b", "c"))) {
  here <- cohort %in% kept
  fit <- lm(change ~ 1, data = data.frame(change = change[here]))
  found <- conf_int(fit, vcov = vcovCR(fit, cluster = cohort[here], type = "CR2"), test = "Satterthwaite")
  cat(paste(kept, collapse = ""), sprintf("%.10f", c(found$beta, found$SE, found$df, found$CI_L, found$CI_U)), "\n")
}
