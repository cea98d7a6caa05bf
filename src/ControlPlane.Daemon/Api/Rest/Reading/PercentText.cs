using System.Globalization;
using System.Text;

namespace ControlPlane.Daemon.Api.Rest.Reading;

/// <summary>Percent-encoding, read strictly: no broken escapes, and UTF-8 underneath.</summary>
internal static class PercentText
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Decodes; false when an escape is broken or the octets are not UTF-8.</summary>
    public static bool TryDecode(ReadOnlySpan<char> text, bool plusIsSpace, out string decoded)
    {
        decoded = "";
        var octets = new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        var length = 0;
        for (var i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '%':
                    if (i + 2 >= text.Length
                        || !byte.TryParse(text.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out octets[length]))
                        return false;
                    length++;
                    i += 2;
                    break;
                case '+' when plusIsSpace:
                    octets[length++] = (byte)' ';
                    break;
                default:
                    var run = char.IsHighSurrogate(text[i]) && i + 1 < text.Length ? 2 : 1;
                    length += Encoding.UTF8.GetBytes(text.Slice(i, run), octets.AsSpan(length));
                    i += run - 1;
                    break;
            }
        }

        try
        {
            decoded = Strict.GetString(octets, 0, length);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }
}
