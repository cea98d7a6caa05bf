using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Google.Rpc;
using Grpc.Core;
using Status = Google.Rpc.Status;

namespace ControlPlane.FunctionalTests.Grpc;

/// <summary>A unary call in bytes, as no client library would make it, and the status as it stands in the answer.</summary>
internal static class RawCall
{
    public sealed record Answer(StatusCode Code, string Message, Status? Status)
    {
        public string? Reason => Status?.GetDetail<ErrorInfo>()?.Reason;

        public IEnumerable<string> Fields => Status?.GetDetail<BadRequest>()?.FieldViolations.Select(v => v.Field) ?? [];
    }

    /// <param name="daemon">The address.</param>
    /// <param name="method">The call, for instance <c>devmapd.v1.DevmapService/GetEntry</c>.</param>
    /// <param name="message">The message; it is framed here.</param>
    /// <param name="headers">Further headers, for instance <c>grpc-timeout</c>.</param>
    public static Task<Answer> AskAsync(
        Uri daemon, string method, ReadOnlyMemory<byte> message, params (string Name, string Value)[] headers)
    {
        var frame = new byte[5 + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        if (headers.Any(h => h.Name == "grpc-encoding"))
            frame[0] = 1;
        message.CopyTo(frame.AsMemory(5));
        return SendAsync(daemon, method, frame, headers);
    }

    /// <summary>Sends a body as it stands, framed or not.</summary>
    public static async Task<Answer> SendAsync(Uri daemon, string method, byte[] body, params (string Name, string Value)[] headers)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(daemon, method))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } },
        };
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var response = await client.SendAsync(request);
        await response.Content.ReadAsByteArrayAsync();
        return Read(response);
    }

    private static Answer Read(HttpResponseMessage response)
    {
        var details = Find(response, "grpc-status-details-bin");
        return new Answer(
            (StatusCode)int.Parse(Find(response, "grpc-status") ?? "-1", CultureInfo.InvariantCulture),
            Uri.UnescapeDataString(Find(response, "grpc-message") ?? ""),
            details is null ? null : Status.Parser.ParseFrom(Convert.FromBase64String(details.PadRight((details.Length + 3) / 4 * 4, '='))));
    }

    private static string? Find(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) || response.TrailingHeaders.TryGetValues(name, out values) ? values.Single() : null;
}
