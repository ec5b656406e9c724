# Reliable change by three methods that expect extreme scores to move towards the mean, as the R package
# clinicalsignificance works them out, for scores that are made up here: synthetic, nobody's.
# Run with the folder R/ of that package (github.com/pedscience/clinicalsignificance, commit 48df2a0; GPL-3, so not
# copied here): Rscript reliable.R folder > reliable.txt
suppressPackageStartupMessages(library(dplyr))
options(digits = 10)
folder <- commandArgs(trailingOnly = TRUE)[1]
for (file in c("rci-utils.R", "calc_rci_en.R", "calc_rci_gln.R", "calc_rci_nk.R")) source(file.path(folder, file))
cat(R.version.string, "; dplyr ", as.character(packageVersion("dplyr")), "\n", sep = "")

people <- data.frame(id = 1:12, pre = c(8, 11, 14, 17, 20, 23, 26, 29, 32, 35, 38, 40),
                     post = c(17, 12, 20, 17, 13, 29, 33, 25, 27, 43, 24, 39))
mean_pre <- 22; sd_pre <- 7.5; reliability <- 0.8
methods <- list(
  gulliksen_lord_novick = .calc_rci_gln(people, mean_pre, sd_pre, reliability),
  edwards_nunnally = .calc_rci_en(people, mean_pre, sd_pre, reliability),
  nunnally_kotsch = .calc_rci_nk(people, mean_pre, sd_pre, reliability, reliability)
)
for (name in names(methods)) {
  found <- methods[[name]]$data
  cat(name, "\n", "index", found$rci, "\n")
  cat(" improved", which(found$improved), "; deteriorated", which(found$deteriorated), "\n")
}
