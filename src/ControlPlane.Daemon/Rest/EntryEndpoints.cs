using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Daemon.Rest.OpenApi;
using ControlPlane.Daemon.Rest.Reading;
using ControlPlane.Daemon.Rest.Resources;

namespace ControlPlane.Daemon.Rest;

/// <summary><c>/v1/devmaps/{devmap}/entries</c></summary>
internal static class EntryEndpoints
{
    private static readonly QueryParameter PageSize = new("pageSize", "Most entries in the answer.")
    {
        Range = (1, EntryQuery.MaxPageSize),
        Default = EntryQuery.DefaultPageSize,
    };

    private static readonly QueryParameter PageToken = new("pageToken", "`nextPageToken` of the page before; left out for the first page. The filters must be those of the first page.");

    private static readonly QueryParameter Interface = new("interface", "Only entries with this egress interface.");

    private static readonly QueryParameter EgressProgram = new("egressProgram", "Only entries that carry this egress program.");

    private static readonly QueryParameter State = new("state", "Only entries in this state.") { Values = Enum.GetNames<EntryState>() };

    private static readonly QueryParameter Label = new("label", "Only entries with this label, written `name=value`. May be given more than once: all must be there.") { Repeated = true };

    public static void MapEntries(this IEndpointRouteBuilder v1)
    {
        var entries = v1.MapGroup("/devmaps/{devmap}/entries").WithTags(Tags.Entries);

        entries.MapRead("", List)
            .Described("listEntries", "List entries",
                "One page of the devmap's entries, read from the kernel's map by a descriptor that cannot write. Filters are joined by \"and\". A page may have fewer entries than asked for and yet not be the last: only a `nextPageToken` of null ends the list.")
            .Takes(PageSize, PageToken, Interface, EgressProgram, State, Label)
            .Answers<EntryListResource>(StatusCodes.Status200OK, "The page.")
            .Fails(ErrorCode.DevmapNotFound, ErrorCode.KernelFailure);

        entries.MapRead("/{key}", Get)
            .Described("getEntry", "Read an entry", "One entry with its status at this moment. The key may be given in any of its text forms.")
            .Answers<EntryResource>(StatusCodes.Status200OK, "The entry.")
            .Fails(ErrorCode.DevmapNotFound, ErrorCode.EntryNotFound, ErrorCode.KernelFailure);

        entries.MapPut("/{key}", PutAsync)
            .Described("putEntry", "Create or change an entry",
                "Makes the entry be as the body says and answers when it is durable and in the kernel (or `Pending`, where that was allowed). Asking for what is there already changes nothing, the revision included. Frames are redirected once the devmap's redirect program is attached to the interface they come in by.")
            .TakesBody<EntryBody>()
            .Answers<EntryResource>(StatusCodes.Status201Created, "The entry is new; `Location` names it.")
            .Answers<EntryResource>(StatusCodes.Status200OK, "The entry was there and is now as asked.")
            .FailsAsWrite(
                ErrorCode.DevmapNotFound, ErrorCode.ProgramNotFound, ErrorCode.EgressProgramConflict, ErrorCode.KeyConflict,
                ErrorCode.InterfaceNotFound, ErrorCode.DevmapFull, ErrorCode.AlreadyExists);

        entries.MapDelete("/{key}", DeleteAsync)
            .Described("deleteEntry", "Delete an entry", "Removes the entry and answers when it is out of the kernel. Frames with its key take the devmap's miss action from then on.")
            .AnswersNothing("The entry is gone.")
            .FailsAsWrite(ErrorCode.DevmapNotFound, ErrorCode.EntryNotFound);
    }

    private static IResult List(string devmap, HttpContext http, EntryService entries)
    {
        var request = RestRequest.Of(http);
        var query = new EntryQuery(
            request.Query.Number(PageSize.Name),
            request.Query.Text(PageToken.Name),
            request.Query.Text(Interface.Name),
            request.Query.Text(EgressProgram.Name),
            request.Query.Text(State.Name),
            request.Query.Texts(Label.Name));
        var page = entries.List(devmap, query, request.Read());
        return Answers.Ok(EntryListResource.From(page), RestJson.Instance.EntryListResource);
    }

    private static IResult Get(string devmap, string key, HttpContext http, EntryService entries)
    {
        var request = RestRequest.Of(http).Read();
        var view = entries.Get(devmap, key, request);
        return view.Revision is { } revision
            ? Answers.Ok(http, EntryResource.From(view), RestJson.Instance.EntryResource, revision)
            : Answers.Ok(EntryResource.From(view), RestJson.Instance.EntryResource);
    }

    private static async Task<IResult> PutAsync(string devmap, string key, HttpContext http, EntryService entries, CancellationToken cancellationToken)
    {
        var request = RestRequest.Of(http);
        var body = await request.ReadBodyAsync(EntryBody.Read, cancellationToken);
        var outcome = await entries.PutAsync(devmap, key, body, request.Write());
        return Answers.Put(http, outcome, EntryResource.From, RestJson.Instance.EntryResource, outcome.View.Revision!.Value, "devmaps", devmap, "entries", outcome.View.Key);
    }

    private static async Task<IResult> DeleteAsync(string devmap, string key, HttpContext http, EntryService entries, CancellationToken cancellationToken)
    {
        await entries.DeleteAsync(devmap, key, RestRequest.Of(http).Write());
        return TypedResults.NoContent();
    }
}
