using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace ControlPlane.Daemon.Security;

/// <summary>Reads the names of a certificate: those of the extension subjectAltName (RFC 5280, 4.2.1.6).</summary>
internal static class CertificateNames
{
    private const string SubjectAltName = "2.5.29.17";
    private static readonly Asn1Tag Email = new(TagClass.ContextSpecific, 1);
    private static readonly Asn1Tag Dns = new(TagClass.ContextSpecific, 2);
    private static readonly Asn1Tag UriName = new(TagClass.ContextSpecific, 6);
    private static readonly Asn1Tag Address = new(TagClass.ContextSpecific, 7);

    /// <summary>Returns the names as <c>dns:NAME</c>, <c>uri:URI</c>, <c>email:ADDRESS</c> and <c>ip:ADDRESS</c>.</summary>
    public static IReadOnlyList<string> Of(X509Certificate2 certificate)
    {
        if (certificate.Extensions.FirstOrDefault(e => e.Oid?.Value == SubjectAltName) is not { } extension)
            return [];
        List<string> names = [];
        var reader = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
        while (reader.HasData)
        {
            var tag = reader.PeekTag();
            if (tag == Dns)
                names.Add($"dns:{reader.ReadCharacterString(UniversalTagNumber.IA5String, tag)}");
            else if (tag == UriName)
                names.Add($"uri:{reader.ReadCharacterString(UniversalTagNumber.IA5String, tag)}");
            else if (tag == Email)
                names.Add($"email:{reader.ReadCharacterString(UniversalTagNumber.IA5String, tag)}");
            else if (tag == Address)
                names.Add($"ip:{new IPAddress(reader.ReadOctetString(tag))}");
            else
                reader.ReadEncodedValue();
        }

        return names;
    }
}
