import java.io.FileInputStream;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.ValidationResult;

/** Holds files to PDF/UA-1 with veraPDF: a line a file, with verdict, checks made, rules broken, and rules known. */
class VeraPdf {
    public static void main(String[] files) throws Exception {
        VeraGreenfieldFoundryProvider.initialise();
        PDFAFlavour flavour = PDFAFlavour.PDFUA_1;
        for (String file : files) {
            try (PDFAParser parser = Foundries.defaultInstance().createParser(new FileInputStream(file), flavour);
                    PDFAValidator validator = Foundries.defaultInstance().createValidator(flavour, false)) {
                ValidationResult result = validator.validate(parser);
                StringBuilder broken = new StringBuilder();
                result.getFailedChecks().forEach(
                        (rule, times) -> broken.append(' ').append(rule.getClause()).append('-').append(rule.getTestNumber()));
                System.out.println((result.isCompliant() ? "compliant " : "broken ") + result.getTotalAssertions() + " "
                        + result.getValidationProfile().getRules().size() + broken);
            }
        }
    }
}
