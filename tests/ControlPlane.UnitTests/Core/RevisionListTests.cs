using ControlPlane.Core.State;

namespace ControlPlane.UnitTests.Core;

/// <summary>The highest revision of an interface's entries, whatever comes and goes.</summary>
public sealed class RevisionListTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Highest_IsThatOfAScan(int seed)
    {
        var random = new Random(seed);
        var (list, model, next) = (new RevisionList(), new HashSet<long>(), 1000L);
        // A start adds revisions in any order.
        foreach (var revision in Enumerable.Range(1, 500).Select(n => (long)n).OrderBy(_ => random.Next()))
        {
            list.Add(revision);
            model.Add(revision);
        }

        for (var i = 0; i < 5000; i++)
        {
            if (random.Next(5) < 2)
            {
                list.Add(++next);
                model.Add(next);
            }
            else if (model.Count > 0)
            {
                var removed = random.Next(2) == 0 ? model.Max() : model.ElementAt(random.Next(model.Count));
                list.Remove(removed);
                model.Remove(removed);
            }

            Assert.Equal(model.DefaultIfEmpty().Max(), list.Highest);
        }
    }

    /// <summary>One swap gives many entries one revision.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Highest_EntriesShareRevisions_IsThatOfAScan(int seed)
    {
        var random = new Random(seed);
        var (list, model) = (new RevisionList(), new List<long>());
        for (var i = 0; i < 5000; i++)
        {
            if (model.Count == 0 || random.Next(2) == 0)
            {
                model.Add(random.Next(i < 500 ? 100 : 20) + (i / 100));
                list.Add(model[^1]);
            }
            else
            {
                var removed = model[random.Next(model.Count)];
                model.Remove(removed);
                list.Remove(removed);
            }

            Assert.Equal(model.DefaultIfEmpty().Max(), list.Highest);
        }
    }
}
