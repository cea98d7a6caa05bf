using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using ControlPlane.Cli.Output;
using ControlPlane.Cli.Resources;
using ControlPlane.Cli.Running;
using ControlPlane.Client;
using ControlPlane.TableFiles;
using Google.Protobuf;

namespace ControlPlane.Cli.Commands;

/// <summary><c>devmapctl edit</c>: the spec of a resource in an editor. Somebody else's change in between is shown in the file.</summary>
internal sealed class EditCommand : CtlCommand
{
    private readonly Argument<string> _kind = CommonOptions.Kind();
    private readonly Argument<string[]> _names;
    private readonly Option<bool> _force = CommonOptions.Force();

    public EditCommand()
        : base("edit", "Change the spec of a resource in an editor ($VISUAL, $EDITOR, or vi).")
    {
        _names = CommonOptions.Names(ArgumentArity.ZeroOrMore, _kind);
        Add(_kind);
        Add(_names);
        Add(_force);
    }

    /// <inheritdoc/>
    public override async Task<int> RunAsync(Call call)
    {
        var (kind, devmap, names) = CommonOptions.Resource(call.Get(_kind)!, call.Get(_names));
        if (names.Count != 1 || kind.NewSpec() is null)
            throw CommandFailedException.Usage("Say which entry, attachment, program or lease.");
        devmap ??= kind.IsOfDevmap ? call.Devmap : "";
        var item = await kind.GetAsync(call, devmap, names[0]);
        var file = Path.Combine(Path.GetTempPath(), $"devmapctl-{Guid.NewGuid():N}.yaml");
        var text = $"# {kind.ResourceOf(item)}\n# Save to apply. Nothing happens if nothing is changed.\n{SpecText(item)}";
        while (true)
        {
            await WriteAsync(file, text);
            await EditAsync(call, file);
            var edited = await File.ReadAllTextAsync(file, call.Cancellation);
            if (edited == text)
            {
                if (Notes(text).Count == 0)
                {
                    File.Delete(file);
                    call.Out.WriteLine($"{kind.ResourceOf(item)} unchanged");
                    return ExitCodes.Ok;
                }

                call.Terminal.Error.WriteLine($"devmapctl: nothing was applied; your text is in {file}");
                return text.StartsWith($"{NoteMark}CONFLICT", StringComparison.Ordinal) ? ExitCodes.Conflict : ExitCodes.Usage;
            }

            var body = WithoutNotes(edited);
            try
            {
                var spec = Parse(kind, body, file);
                var written = await kind.PutAsync(call, devmap, names[0], spec, new WriteOptions(Revision(item), null, call.Get(_force)));
                File.Delete(file);
                call.Out.WriteLine($"{kind.ResourceOf(written)} written");
                return ExitCodes.Ok;
            }
            catch (Exception e) when (e is TableFileException or CommandFailedException)
            {
                text = Note(["The text is not valid:", .. e.Message.Split('\n')], body);
            }
            catch (DevmapdException e) when (e.Code == DevmapdErrors.RevisionMismatch)
            {
                item = await kind.GetAsync(call, devmap, names[0]);
                text = Note([
                    $"CONFLICT: {kind.ResourceOf(item)} was changed by somebody else. Your text is below; theirs, of revision {Revision(item)}:",
                    .. SpecText(item).TrimEnd('\n').Split('\n').Select(line => $"  {line}"),
                    "Save your text with a change, at least of this note, to write it over theirs.",
                ], body);
            }
            catch (DevmapdException e) when (e.Code is not null)
            {
                text = Note(["The daemon refused it:", .. Failures.TextOf(e, () => call.Address).Split('\n')], body);
            }
            catch (DevmapdException)
            {
                call.Terminal.Error.WriteLine($"devmapctl: your text is in {file}");
                throw;
            }
        }
    }

    private const string NoteMark = "#! ";

    private static string Note(IEnumerable<string> lines, string body) => string.Concat(lines.Select(line => $"{NoteMark}{line}\n")) + body;

    private static List<string> Notes(string text) => [.. text.Split('\n').Where(line => line.StartsWith(NoteMark, StringComparison.Ordinal))];

    private static string WithoutNotes(string text) => string.Join('\n', text.Split('\n').Where(line => !line.StartsWith(NoteMark, StringComparison.Ordinal)));

    private static string SpecText(IMessage item) => YamlText.Of(SpecJson.Of(Kind.SpecOf(item)));

    private static long? Revision(IMessage item) => MessageJson.Of(item)["revision"]?.GetValue<long>();

    private static IMessage Parse(Kind kind, string text, string file)
    {
        var (spec, errors) = (kind.NewSpec()!, new List<string>());
        if (TableReader.ReadValue(text, file) is not JsonObject json)
            throw CommandFailedException.Usage("The text must be a mapping with the fields of the spec.");
        MessageJson.Read(json, spec, errors);
        return errors.Count == 0 ? spec : throw CommandFailedException.Usage(string.Join('\n', errors));
    }

    // Others must not read or change it meanwhile.
    private static async Task WriteAsync(string file, string text)
    {
        await using var stream = new FileStream(file, new FileStreamOptions
        {
            Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        await stream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(text));
    }

    private static async Task EditAsync(Call call, string file)
    {
        var editor = Variable("VISUAL") ?? Variable("EDITOR") ?? "vi";
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"{editor} \"$1\"", "sh", file]))!;
        await process.WaitForExitAsync(call.Cancellation);
        if (process.ExitCode != 0)
            throw new CommandFailedException(ExitCodes.Failed, $"The editor '{editor}' ended with {process.ExitCode}; your text is in {file}");

        static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
    }
}
