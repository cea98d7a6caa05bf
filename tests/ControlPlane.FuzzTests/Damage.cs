using System.Text;

namespace ControlPlane.FuzzTests;

/// <summary>Random values, and random damage to bytes.</summary>
internal static class Damage
{
    private static readonly string[] Odd =
    [
        "", " ", "%", "%2", "%00", "%ff", "%C0%AF", "%2F", "%252F", "..", "/", "\\", "\"", "'", "<b>", "&", "#", "?", "+", "a b", "\t", "\u0000", "é", "日本", "\u202e",
        "😀", "\ufeff", "\u2028", "-1", "0", "00", "1e3", "0x10", "4294967295", "4294967296", "18446744073709551616", "1.5", "٣", "true", "null", "[]", "{}", "*",
    ];

    private static readonly byte[][] Pieces =
    [
        [0], [0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xef, 0xbb, 0xbf], "\\ud800"u8.ToArray(), "\\u0000"u8.ToArray(), "/*x*/"u8.ToArray(), "NaN"u8.ToArray(),
        "1e999"u8.ToArray(), "[[[[[[[[[[[[[[[[[[[["u8.ToArray(), "{\"a\":{\"a\":{\"a\":"u8.ToArray(), "\"labels\":{\"a\":\"b\",\"a\":\"c\"},"u8.ToArray(),
        [0x0b], [0x0c], [0x0a, 0xff, 0xff, 0xff, 0xff, 0x07], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], [0xfb, 0xff, 0xff, 0xff, 0x0f],
    ];

    // No token and no cookie of a daemon, and headers by which proxies tell who somebody is.
    private static readonly string[] Credentials =
    [
        "Authorization: Bearer devmapd_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "Authorization: Bearer ", "Authorization: Bearer x", "Authorization: Basic cm9vdDpyb290",
        "Authorization: bearer devmapd_", "Authorization: Negotiate", "Authorization: ", "Cookie: devmapd-login=x", "Cookie: devmapd-login=", "X-Forwarded-For: 127.0.0.1",
        "X-Forwarded-User: root", "X-Remote-User: root", "X-Client-Cert: x", "X-Forwarded-Client-Cert: Subject=\"CN=root\"", "Sec-Fetch-Site: same-origin",
    ];

    /// <summary>Returns one of several values.</summary>
    public static T Of<T>(this Random random, params ReadOnlySpan<T> values) => values[random.Next(values.Length)];

    /// <summary>Whether something of this probability happens.</summary>
    public static bool Happens(this Random random, double probability) => random.NextDouble() < probability;

    /// <summary>Returns a text that is odd somehow.</summary>
    public static string OddText(this Random random) => random.Next(4) switch
    {
        0 => random.Of<string>(Odd),
        1 => new string('k', random.Next(1, 600)),
        2 => random.Next().ToString(System.Globalization.CultureInfo.InvariantCulture),
        _ => string.Concat(Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.Of<string>(Odd))),
    };

    /// <summary>Returns a header with credentials that are not valid.</summary>
    public static string WrongCredentials(this Random random) => random.Of<string>(Credentials);

    /// <summary>Returns the bytes with some of them changed, removed, added or repeated.</summary>
    public static byte[] Damaged(this Random random, byte[] bytes)
    {
        var result = bytes.ToList();
        for (var i = random.Next(1, 5); i > 0; i--)
        {
            var at = random.Next(result.Count + 1);
            switch (random.Next(7))
            {
                case 0 when at < result.Count:
                    result[at] = (byte)random.Next(256);
                    break;
                case 1 when at < result.Count:
                    result.RemoveAt(at);
                    break;
                case 2:
                    result.RemoveRange(at, result.Count - at);
                    break;
                case 3:
                    result.InsertRange(at, result.Take(random.Next(result.Count + 1)).ToArray());
                    break;
                case 4:
                    result.InsertRange(at, Enumerable.Repeat((byte)random.Of<int>(0x0b, ' ', '[', 0x0a), random.Next(1, random.Happens(0.02) ? 40_000 : 120)));
                    break;
                default:
                    result.InsertRange(at, random.Of<byte[]>(Pieces));
                    break;
            }
        }

        return [.. result.Take(120_000)];
    }

    /// <summary>Returns bytes as they can be read in a message of a test.</summary>
    public static string Readable(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes[..Math.Min(bytes.Length, 1500)]);
}
