using System.Globalization;
using System.Text;
using ControlPlane.Client;
using ControlPlane.TableFiles;
using Devmapd.V1;
using Grpc.Core;

namespace ControlPlane.Cli.Running;

/// <summary>Turns the exception that ended a command into text and an exit code.</summary>
internal static class Failures
{
    /// <summary>Reports it and returns one of <see cref="ExitCodes"/>.</summary>
    /// <exception cref="Exception">The exception is none that a command may end with.</exception>
    public static int Report(Exception exception, Terminal terminal, Func<string> address)
    {
        var (code, text) = exception switch
        {
            CommandFailedException failed => (failed.ExitCode, failed.Message),
            TableFileException file => (ExitCodes.Usage, file.Message),
            DevmapdException failure => (CodeOf(failure), TextOf(failure, address)),
            OperationCanceledException => (130, ""),
            IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException => (ExitCodes.Failed, exception.Message),
            _ => throw exception,
        };
        if (text.Length > 0)
            terminal.Error.WriteLine($"devmapctl: {text}");
        return code;
    }

    /// <summary>The exit code of a failed call.</summary>
    public static int CodeOf(DevmapdException failure) =>
        DevmapdErrors.IsConflict(failure.Code) ? ExitCodes.Conflict
        : failure.Code == DevmapdErrors.InvalidArgument ? ExitCodes.Usage
        : failure is { Code: null, StatusCode: StatusCode.DeadlineExceeded } ? ExitCodes.TimedOut
        : ExitCodes.Failed;

    /// <summary>A failed call in words: the code, the detail, the fields and the remedy.</summary>
    public static string TextOf(DevmapdException failure, Func<string> address)
    {
        if (failure.Code is null)
        {
            return failure.StatusCode == StatusCode.Unavailable
                ? $"no daemon answers at {address()}: {Innermost(failure).Message}\n  Is it running, and may this user connect? Another one is given by --address or a context."
                : $"the daemon at {address()} did not answer ({failure.StatusCode}): {failure.Message}";
        }

        var text = new StringBuilder($"{failure.Code}: {failure.Message}");
        foreach (var field in failure.Fields)
            text.Append(CultureInfo.InvariantCulture, $"\n  {field.Field}: {field.Message}");
        if (failure.Remedy is { } remedy)
            text.Append(CultureInfo.InvariantCulture, $"\n  {string.Join("\n  ", Remedies.Lines(remedy))}");
        if (failure.VerifierLog is { } log)
            text.Append(CultureInfo.InvariantCulture, $"\n{log}");
        return text.ToString();
    }

    private static Exception Innermost(Exception exception) => exception.InnerException is { } inner && inner is not RpcException
        ? Innermost(inner)
        : exception.InnerException is RpcException { Status.DebugException: { } debug } ? Innermost(debug) : exception;
}

/// <summary>Remedies in words.</summary>
internal static class Remedies
{
    /// <summary>The summary, then the commands.</summary>
    public static IEnumerable<string> Lines(Remedy remedy) => [$"remedy: {remedy.Summary}", .. Commands(remedy).Select(c => $"  {c}")];

    /// <summary>The commands of a remedy. A call of the API is the command of devmapctl that makes it, where there is one.</summary>
    public static IEnumerable<string> Commands(Remedy remedy) =>
        remedy.Request is { } request && OfRequest(request) is { } command ? [.. remedy.Commands, command] : remedy.Commands;

    private static string? OfRequest(RemedyRequest request)
    {
        var fields = request.Body?.Fields ?? new();
        var devmap = Text("devmap") is { Length: > 0 } name && name != "default" ? $" -d {name}" : "";
        return request.Method[(request.Method.LastIndexOf('/') + 1)..] switch
        {
            "PutAttachment" when fields.TryGetValue("spec", out var spec) => $"devmapctl attach {Text("interface")}{devmap}{AttachOptions(spec.StructValue)}",
            "DeleteAttachment" => $"devmapctl detach {Text("interface")}{devmap}",
            "AuditDevmap" => $"devmapctl audit {Text("devmap")}",
            "DeleteEntry" => $"devmapctl delete entry {Text("key")}{devmap}",
            "ListInterfaces" => "devmapctl get interfaces",
            "ListDevmaps" => "devmapctl get devmaps",
            "ListPrograms" => "devmapctl get programs",
            "ListAttachments" => $"devmapctl get attachments{devmap}",
            "ListEntries" => $"devmapctl get entries{devmap}",
            "GetEntry" => $"devmapctl describe entry {Text("key")}{devmap}",
            "GetAttachment" => $"devmapctl describe attachment {Text("interface")}{devmap}",
            "GetProgram" => $"devmapctl describe program {Text("program")}",
            "DeleteToken" => $"devmapctl token delete {Text("token")}",
            "ListTokens" => "devmapctl token list",
            "SetEgressProgram" => $"devmapctl program use {Text("interface")} {(Text("egressProgram") is { Length: > 0 } program ? program : "none")}",
            _ => null,
        };

        string? Text(string field) => fields.TryGetValue(field, out var value) ? value.StringValue : null;
    }

    private static string AttachOptions(Google.Protobuf.WellKnownTypes.Struct spec) => string.Concat(
        from field in spec.Fields
        let option = field.Key switch { "mode" => " --mode ", "promiscuous" => " --promiscuous ", _ => null }
        where option is not null
        let value = field.Value.StringValue
        select option + value[(value.LastIndexOf('_') + 1)..].ToLowerInvariant());
}
