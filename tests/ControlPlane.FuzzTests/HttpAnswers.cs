using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace ControlPlane.FuzzTests;

/// <summary>An HTTP answer.</summary>
/// <param name="Status">The status.</param>
/// <param name="Headers">The headers, by name.</param>
/// <param name="Body">The body, without its transfer coding.</param>
internal sealed record HttpAnswer(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    /// <summary>Returns a header; empty if there is none.</summary>
    public string Header(string name) => Headers.GetValueOrDefault(name, "");

    /// <summary>Whether the server closes the connection after this answer.</summary>
    public bool IsLast => Header("connection") == "close";
}

/// <summary>Reads the answers of one connection, in order.</summary>
internal sealed class HttpAnswers(Socket socket)
{
    private byte[] _buffer = new byte[65536];
    private int _begin, _end;

    /// <summary>Reads an answer.</summary>
    /// <param name="method">The method of its request: an answer to HEAD has no body.</param>
    /// <exception cref="EndOfStreamException">The connection has ended.</exception>
    /// <exception cref="FormatException">This is no answer.</exception>
    /// <exception cref="SocketException">Nothing came in time.</exception>
    public HttpAnswer Next(string method)
    {
        var status = int.Parse(Line().Split(' ')[1], CultureInfo.InvariantCulture);
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        for (string line; (line = Line()).Length > 0;)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            headers[line[..Math.Max(colon, 0)]] = line[(colon + 1)..].Trim();
        }

        if (status == 100)
            return Next(method);
        var body = method == "HEAD" || status is 204 or 304 ? []
            : headers.GetValueOrDefault("transfer-encoding") == "chunked" ? Chunks()
            : Bytes(int.Parse(headers.GetValueOrDefault("content-length", "0"), CultureInfo.InvariantCulture));
        return new(status, headers, body);
    }

    private byte[] Chunks()
    {
        var body = new MemoryStream();
        while (true)
        {
            var length = int.Parse(Line(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            body.Write(Bytes(length));
            Line();
            if (length == 0)
                return body.ToArray();
        }
    }

    private byte[] Bytes(int length)
    {
        while (_end - _begin < length)
            Fill();
        _begin += length;
        return _buffer[(_begin - length).._begin];
    }

    private string Line()
    {
        int length;
        while ((length = _buffer.AsSpan(_begin, _end - _begin).IndexOf((byte)'\n')) < 0)
            Fill();
        _begin += length + 1;
        return Encoding.Latin1.GetString(_buffer, _begin - length - 1, length).TrimEnd('\r');
    }

    private void Fill()
    {
        if (_begin == _end)
            (_begin, _end) = (0, 0);
        if (_end == _buffer.Length)
        {
            if (_begin == 0)
                Array.Resize(ref _buffer, _buffer.Length * 2);
            _buffer.AsSpan(_begin, _end - _begin).CopyTo(_buffer);
            (_begin, _end) = (0, _end - _begin);
        }

        var count = socket.Receive(_buffer, _end, _buffer.Length - _end, SocketFlags.None);
        _end += count > 0 ? count : throw new EndOfStreamException("the connection ended");
    }
}
